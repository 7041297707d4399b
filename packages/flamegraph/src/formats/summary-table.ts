import { printable } from "../printable-text.js";
import type { Profile } from "../profile.js";
import { shortFileName } from "../source-file.js";
import { type FunctionSummary, type ProfileSummary, summarize, type ThreadSummary } from "../summary.js";
import { rateText } from "../taken-rate.js";
import { type FormatOptions, titleOf } from "./format-options.js";

/**
 * Writes a {@link ProfileSummary} as a table for the terminal: the functions that ran most, by samples. `self` is what they ran
 * themselves, `total` what they and all they called ran.
 *
 * ```text
 *    self           total          function
 *     412  82.4%      412  82.4%   is_prime (primes.py:4)
 * ```
 */
export function* summaryTable(profile: Profile, options: FormatOptions = {}): Generator<string> {
  const summary = summaryOf(profile, options);
  yield `${headingOf(summary, options)}\n\n`;
  if (summary.samples === 0) {
    yield "There are no samples to show.\n";
    return;
  }
  yield "    self           total          function\n";
  const { functions, samples } = summary;
  const shown = functions.slice(0, options.top ?? 20);
  for (const row of shown) {
    const numbers = [row.self, row.total].map(
      (part) => `${count(part).padStart(8)} ${percent(part, samples).padStart(6)}  `,
    );
    yield `${numbers.join("")} ${placeOf(row)}\n`;
  }
  if (functions.length > shown.length) yield `\n${count(functions.length - shown.length)} more functions\n`;
}

/**
 * Writes a {@link ProfileSummary} as Markdown, for an issue or a pull request: what was recorded, the functions that ran most and
 * the threads. A code span holds every name; marks that would end it or the table's cell are escaped.
 */
export function* summaryMarkdown(profile: Profile, options: FormatOptions = {}): Generator<string> {
  const summary = summaryOf(profile, options);
  const { functions, threads, samples, counters } = summary;
  yield `# Profile of ${codeSpan(printable(titleOf(summary.metadata, options)) || "a program")}\n\n`;
  yield `${factsOf(summary)}\n\n`;
  if (samples === 0) {
    yield "There are no samples to show.\n";
    return;
  }
  const shown = functions.slice(0, options.top ?? 20);
  yield "| self | | total | | function |\n| ---: | ---: | ---: | ---: | :--- |\n";
  for (const row of shown) {
    const numbers = [row.self, row.total].flatMap((part) => [count(part), percent(part, samples)]);
    yield `| ${[...numbers, codeSpan(placeOf(row))].join(" | ")} |\n`;
  }
  if (functions.length > shown.length) yield `\n${count(functions.length - shown.length)} more functions.\n`;
  yield "\n| samples | | thread |\n| ---: | ---: | :--- |\n";
  for (const thread of threads) {
    yield `| ${count(thread.samples)} | ${percent(thread.samples, samples)} | ${codeSpan(threadName(thread))} |\n`;
  }
  if (counters.scheduled > 0) {
    yield `\nOf ${count(counters.scheduled)} points of the schedule ${count(counters.missed)} were missed; `;
    yield `of ${count(counters.attempted)} stacks ${count(counters.torn)} were torn and ${count(counters.unreadable)} unreadable.\n`;
  }
}

/** People read these: file names are short unless asked for otherwise. */
function summaryOf(profile: Profile, options: FormatOptions): ProfileSummary {
  return summarize(profile, { shortenFile: shortFileName, ...options });
}

function headingOf(summary: ProfileSummary, options: FormatOptions): string {
  const title = printable(titleOf(summary.metadata, options));
  return title === "" ? factsOf(summary) : `${title}\n${factsOf(summary)}`;
}

function factsOf({ samples, duration, metadata, rate, time }: ProfileSummary): string {
  const facts = [`${count(samples)} ${samples === 1 ? "sample" : "samples"}`];
  if (duration > 0) facts.push(`${(duration / 1e9).toFixed(2)} s`);
  if (metadata.rate > 0) facts.push(rateText(rate, metadata.rate));
  if (time > 0) facts.push(`${(time / 1e9).toFixed(2)} s of threads`);
  return facts.join(" · ");
}

function placeOf({ name, file, line }: FunctionSummary): string {
  if (file === "") return name;
  return line > 0 ? `${name} (${file}:${line})` : `${name} (${file})`;
}

function threadName({ pid, id, name }: ThreadSummary): string {
  return `${pid > 0 ? `process ${pid} ` : ""}thread ${id}${name === "" ? "" : ` ${name}`}`;
}

/** GitHub's Markdown: a cell ends at a bar even inside of code; a code span at as many backticks as began it. */
function codeSpan(text: string): string {
  const longest = Math.max(0, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const padding = longest > 0 ? " " : "";
  return `${fence}${padding}${text.replaceAll("|", "\\|")}${padding}${fence}`;
}

const integers = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

function count(value: number): string {
  return integers.format(value);
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)}%`;
}
