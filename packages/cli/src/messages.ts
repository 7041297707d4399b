import type { PythonDescription, SampleCounters, SamplerEnd, SamplingStatistics } from "@pyspy/stack-sampler";
import { inputName } from "./input-file.js";
import type { RecordCommand, RecordTarget } from "./record-arguments.js";
import { counted } from "./terminal/counted.js";
import { commandLine, shortened } from "./terminal/printable.js";

/** What is sampled, for a sentence: `process 1234`, `3 processes` or `python3 app.py`. */
export function subjectOf(target: RecordTarget): string {
  if (target.kind === "program") return shortened(commandLine(target.words), 200);
  return target.pids.length === 1 ? `process ${target.pids[0]}` : `${target.pids.length} processes`;
}

/** Said when sampling begins: how often, how it ends, and of what, which may be long. */
export function startMessage(options: {
  readonly target: RecordTarget;
  readonly python: PythonDescription | undefined;
  readonly rate: number;
  readonly duration: number | undefined;
  readonly delay: number;
}): string {
  const { target, python, rate, duration, delay } = options;
  // Several may be of several versions.
  const isOne = target.kind === "processes" && target.pids.length === 1;
  const described = python && isOne ? `${subjectOf(target)} (Python ${python.version})` : subjectOf(target);
  const often = rate === 1 ? "once a second" : `${rate} times a second`;
  const span = duration === undefined ? "until it ends" : `for ${duration} s`;
  const start = delay > 0 ? `after ${delay} s ` : "";
  return `Sampling ${often} ${start}${span} (Ctrl-C to stop): ${described}`;
}

/** Which processes of several there were no samples of: `2 processes without Python: sh, sleep`, and how many ended too soon to tell. */
export function othersMessages({ others }: Pick<SamplerEnd, "others">): string[] {
  const failed = others.flatMap(({ reason }) => (reason === undefined ? [] : [reason]));
  const unknown = others.filter(({ name, reason }) => name === undefined && reason === undefined);
  const plain = others.filter(({ name, reason }) => name !== undefined && reason === undefined);
  const total = countOf(plain);
  const names = plain.map(({ name, count: each }) => (each === 1 ? name : `${name} (${each})`));
  const shown = names.length > mostNames ? [...names.slice(0, mostNames), "…"] : names;
  const all = total === 1 ? "1 process without Python" : `${total} processes without Python`;
  return [
    ...failed.slice(0, mostNames),
    ...(total === 0 ? [] : [`${all}: ${shown.join(", ")}`]),
    ...endedMessages(countOf(unknown)),
  ];
}

function endedMessages(count: number): string[] {
  if (count === 0) return [];
  if (count === 1) return ["1 process ended before a Python was found in it"];
  return [`${count} processes ended before a Python was found in them`];
}

function countOf(processes: SamplerEnd["others"]): number {
  return processes.reduce((sum, { count }) => sum + count, 0);
}

const mostNames = 8;

/** Said when nothing more is sampled of a program that goes on. */
export function waitingMessage(target: RecordTarget): string {
  return `Waiting for the program to end: ${subjectOf(target)}`;
}

/** Said when a program has run for a while and no Python has shown in it. */
export function searchingMessage(target: RecordTarget): string {
  return `No Python yet, waiting for one: ${subjectOf(target)}`;
}

/** How a recording went. */
export interface RecordingSummary {
  /** Stacks in the profile. */
  readonly samples: number;
  /** How long was sampled. */
  readonly seconds: number;
  /** How many of them it was paused. */
  readonly paused: number;
  readonly counters: SampleCounters;
}

/** `Wrote profile.svg: 512 samples in 5.1 s at 99.8/s, 0 errors`, and more only where there was more. */
export function wroteMessage(file: string, { samples, seconds, paused, counters }: RecordingSummary): string {
  const { scheduled, taken, missed, torn, unreadable } = counters;
  const sampled = seconds - paused;
  const rate = sampled > 0 ? taken / sampled : 0;
  const pause = paused > 0 ? ` with ${paused.toFixed(1)} s of pause` : "";
  const parts = [
    `${counted(samples, "sample")} in ${seconds.toFixed(1)} s${pause} at ${rate.toFixed(1)}/s`,
    counted(unreadable, "error"),
  ];
  if (torn > 0) parts.push(`${torn} torn`);
  if (missed > scheduled * notableMisses) {
    parts.push(`${missed} missed (${((100 * missed) / scheduled).toFixed(1)} %)`);
  }
  return `Wrote ${file}: ${parts.join(", ")}`;
}

/** `A sample took 45 µs (99 %: 120 µs), 3.1 system calls and 5.6 KB`, and how long the program was stopped, if it was. */
export function costMessage(
  { duration, systemCalls, bytes, stops }: SamplingStatistics,
  seconds: number,
): string {
  const took =
    `A sample took ${span(duration.p50)} (99 %: ${span(duration.p99)}), ${systemCalls.toFixed(1)} system calls ` +
    `and ${(bytes / 1000).toFixed(1)} KB`;
  if (stops === undefined) return took;
  const percent = percentStopped(stops, seconds).toFixed(2);
  return `${took}; the program stood still for ${percent} % of the time (99 %: ${span(stops.p99)})`;
}

/** What was done less often than was asked for, and why. */
export function limitMessages(
  { turns, stops, isStopBudgetExceeded, unstopped }: SamplingStatistics,
  seconds: number,
): string[] {
  const messages: string[] = [];
  if (stops !== undefined && isStopBudgetExceeded) {
    // Stops are paid for by waiting after them, and the end can come before a long one is.
    const isPaid = percentStopped(stops, seconds) <= 1;
    messages.push(
      isPaid
        ? "The rate was lowered so that the program stood still for no more than 1 % of the time"
        : "The rate was lowered because the program stood still for more than 1 % of the time",
    );
  }
  const { refused, late } = unstopped;
  if (refused + late > 0) {
    const reasons = [
      [refused, "may not be stopped, as when another program traces it"],
      [late, "did not stop in time"],
    ] as const;
    const given = reasons.filter(([count]) => count > 0);
    const why = given.map(([count, reason]) => `${given.length > 1 ? `in ${count} ` : ""}it ${reason}`);
    messages.push(
      `In ${counted(refused + late, "case")} a thread ran on while it was read: ${why.join(", ")}`,
    );
  }
  if (turns > 1) {
    messages.push(`There were so many threads that those that wait were looked at once in ${turns} samples`);
  }
  return messages;
}

function percentStopped({ total }: NonNullable<SamplingStatistics["stops"]>, seconds: number): number {
  return seconds > 0 ? total / (seconds * 1e7) : 0;
}

function span(nanoseconds: number): string {
  if (nanoseconds < 1e6) return `${Math.round(nanoseconds / 1000)} µs`;
  return `${(nanoseconds / 1e6).toFixed(1)} ms`;
}

/** Said instead when whoever was to read it has gone. */
export function closedMessage(file: string): string {
  return `Could not write all of ${file}: nobody reads it any more`;
}

/** The share of missed points above which people should know. */
const notableMisses = 0.01;

/** Said when nothing is sampled for a while because somebody wants that, and afterwards. */
export function pausedMessage(isPaused: boolean): string {
  return isPaused ? "Paused; SIGUSR2 goes on" : "Sampling again";
}

/** Said when the profile was written up to now. */
export function snapshotMessage(file: string): string {
  return `Wrote ${file}: what was sampled up to now`;
}

/** Why a profile is empty though nothing failed, and what to do about it. */
export function emptyMessage(
  { taken, attempted, good, torn, unreadable }: SampleCounters,
  { seconds, python, pythons }: Pick<SamplerEnd, "seconds" | "python" | "pythons">,
  {
    delay,
    gil,
    mainThread,
    include,
    exclude,
  }: Pick<RecordCommand, "delay" | "gil" | "mainThread" | "include" | "exclude">,
): string {
  if (delay > 0 && seconds === 0) return `Nothing to show: it was over before the delay of ${delay} s was`;
  if (taken === 0) return "Nothing to show: it was over before a first sample could be taken";
  if (attempted > 0 && unreadable === attempted) {
    return `Nothing to show: none of ${counted(attempted, "stack")} could be read`;
  }
  const given = [
    gil && "--gil",
    mainThread && "--main-thread",
    include && "--include",
    exclude && "--exclude",
  ].filter(Boolean);
  if (good > 0 && given.length > 0) {
    return `Nothing to show: none of ${counted(good, "sample")} is left by ${given.join(", ")}`;
  }
  if (good === 0 && torn > 0) {
    return `Nothing to show: ${counted(torn, "stack")} changed while read; use --blocking`;
  }
  if (gil && good === 0 && pythons === 1 && python?.freeThreaded) {
    return `Nothing to show: no thread held the GIL, which this free-threaded Python ${python.version} does not have unless it is turned on; leave out --gil`;
  }
  const isChosen = gil || mainThread || exclude !== undefined;
  const all = taken === 1 ? "in the only sample" : `in all ${taken} samples`;
  const every = isChosen
    ? `every thread that ${given.filter((name) => name !== "--include").join(", ")} leaves`
    : "every thread";
  return `Nothing to show: ${every} was idle ${all}; use --idle to include threads that wait`;
}

/** `Wrote today.svg: 340 of 512 samples`. */
export function convertedMessage(file: string, samples: number, all: number): string {
  const part = samples === all ? "" : `${rounded(samples)} of `;
  return `Wrote ${file}: ${part}${samplesIn(all)}`;
}

/** Said of a recording without an end. */
export function cutOffMessage(file: string): string {
  return `${inputName(file)} has no end: it is still written, or pyspy was killed. What is there is used`;
}

/** Said of a recording of which not even the rest is one. */
export function damagedMessage(file: string, bytes: number): string {
  return `${inputName(file)} is damaged at its end: ${counted(bytes, "byte")} of it are left out, what is before is used`;
}

/** `1 sample`, `512 samples`. */
export function samplesIn(samples: number): string {
  return counted(rounded(samples), "sample");
}

/** Formats that weigh samples may have parts of one. */
function rounded(samples: number): number {
  return Math.round(samples * 10) / 10;
}
