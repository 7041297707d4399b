import { type BigIntStats, fstatSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  countSamples,
  type FormatOptions,
  mergeProfiles,
  type Profile,
  profileFormats,
  sampleViews,
  selectSamples,
} from "@pyspy/flamegraph";
import { usage } from "../argument-values.js";
import type { ConvertCommand, SampleChoiceArguments } from "../convert-arguments.js";
import type { Ending } from "../ending.js";
import { formatOfName } from "../format-of-name.js";
import { formatNames, summaryFormatNames } from "../formats.js";
import { type InputFile, inputName, openInput, unreadable } from "../input-file.js";
import { closedMessage, convertedMessage, cutOffMessage, damagedMessage } from "../messages.js";
import { nothingChosenMessage } from "../nothing-chosen.js";
import { openOutput } from "../output-file.js";
import { formatOptionsOf } from "../presentation.js";
import type { Terminal } from "../terminal/terminal.js";

/**
 * Writes what is chosen of profiles that were written before as one file.
 *
 * @throws {CommandError} `input` or `output`
 */
export async function convert(command: ConvertCommand, terminal: Terminal): Promise<Ending> {
  const formats = FORMATS[command.name];
  const format = command.format ?? formatOfName(command.output ?? "", formats) ?? formats[0];
  const { extension, text } = profileFormats[format];
  const path = outputPathOf(command, extension);
  const output = openOutput(path, text, command.output === undefined ? extension : undefined);
  using inputs = await openInputs(command.inputs, terminal);
  const merged = mergeProfiles(inputs.profiles);
  const { choice } = command;
  const chosen = choose(merged, choice);
  const options: FormatOptions = {
    ...formatOptionsOf(command),
    ...(choice.torn && { include: () => true }),
  };
  try {
    const samples = countSamples(chosen, options);
    const all = chosen === merged ? samples : countSamples(merged, options);
    if (samples === 0) terminal.warn(nothingChosenMessage(command, merged, all));
    const write = await profileFormats[format].load();
    if (!output.write(write(chosen, options))) terminal.warn(closedMessage(output.name));
    else if (command.name === "convert") terminal.say(convertedMessage(output.name, samples, all));
    return { code: 0 };
  } catch (error) {
    // A recording is read to its end only here.
    throw unreadable(command.inputs.map(inputName).join(", "), error);
  }
}

/** What each command writes; the first is the default. */
const FORMATS = { convert: formatNames, report: summaryFormatNames } as const;

/** All inputs, which are closed together. */
async function openInputs(
  paths: readonly string[],
  terminal: Terminal,
): Promise<Disposable & { readonly profiles: readonly Profile[] }> {
  const inputs: InputFile[] = [];
  const close = () => {
    for (const input of inputs) input[Symbol.dispose]();
  };
  try {
    for (const path of paths) {
      const input = await openInput(path);
      inputs.push(input);
      if (input.damagedBytes > 0) terminal.warn(damagedMessage(path, input.damagedBytes));
      else if (!input.complete) terminal.warn(cutOffMessage(path));
    }
  } catch (error) {
    close();
    throw error;
  }
  return { profiles: inputs.map(({ profile }) => profile), [Symbol.dispose]: close };
}

function choose(profile: Profile, { mode, from, until, include, exclude }: SampleChoiceArguments): Profile {
  const selection = {
    ...(mode !== "wall" && { states: sampleViews[mode] }),
    ...(from !== undefined && { from: from * 1e9 }),
    ...(until !== undefined && { until: until * 1e9 }),
    ...(include !== undefined && { include }),
    ...(exclude !== undefined && { exclude }),
  };
  return Object.keys(selection).length === 0 ? profile : selectSamples(profile, selection);
}

/** As asked for, or beside the first input: `today.pyspy` becomes `today.svg`. */
function outputPathOf({ output, inputs }: ConvertCommand, extension: string): string {
  const path = output ?? pathBeside(inputs[0] ?? "-", extension);
  if (path === "-") return path;
  const target = regularFile(path);
  const same = target && inputs.find((input) => isSame(regularFile(input), target));
  if (same !== undefined) {
    const other = output === undefined ? "name it with --output" : "give it another name";
    throw usage(`The output would replace the input ${inputName(same)}: ${other}`);
  }
  return path;
}

function pathBeside(input: string, extension: string): string {
  if (input === "-") return "-";
  const name = basename(input);
  const known = formatOfName(name, formatNames);
  const stem =
    known === undefined
      ? name.replace(/(?<=.)\.[^.]*$/, "")
      : name.slice(0, -profileFormats[known].extension.length - 1);
  return join(dirname(input), `${stem || "profile"}.${extension}`);
}

/** What a path leads to, if it is a file that could be replaced; `-` is standard input. */
function regularFile(path: string): BigIntStats | undefined {
  try {
    const stats = path === "-" ? fstatSync(0, { bigint: true }) : statSync(path, { bigint: true });
    return stats.isFile() ? stats : undefined;
  } catch {
    // Whoever opens it says why it cannot be.
    return undefined;
  }
}

/** Also by another name: a link, or a detour through folders. */
function isSame(one: BigIntStats | undefined, other: BigIntStats): boolean {
  return one?.dev === other.dev && one.ino === other.ino;
}
