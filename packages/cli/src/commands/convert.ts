import { basename, dirname, join, resolve } from "node:path";
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
import { type Format, formatNames, summaryFormatNames } from "../formats.js";
import { type InputFile, inputName, openInput, unreadable } from "../input-file.js";
import { closedMessage, convertedMessage, cutOffMessage } from "../messages.js";
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
  const format = command.format ?? formatOfName(command.output, FORMATS[command.name]);
  const path = command.output ?? outputPathOf(command.inputs, profileFormats[format].extension);
  const output = openOutput(path, profileFormats[format].text);
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
      if (!input.complete) terminal.warn(cutOffMessage(path));
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

/** The one of `formats` whose files are named like that, or the default. */
function formatOfName(path: string | undefined, formats: readonly [Format, ...(readonly Format[])]): Format {
  return endingIn(path ?? "", formats) ?? formats[0];
}

/** Longer endings come first in the list of formats: `.speedscope.json` is more than a `.json`. */
function endingIn(path: string, formats: readonly Format[]): Format | undefined {
  const name = path.toLowerCase();
  return formats.find((format) => name.endsWith(`.${profileFormats[format].extension}`));
}

/** Beside the first input: `today.pyspy` becomes `today.svg`. */
function outputPathOf(inputs: readonly string[], extension: string): string {
  const [first = "-"] = inputs;
  if (first === "-") return "-";
  const name = basename(first);
  const known = endingIn(name, formatNames);
  const stem =
    known === undefined
      ? name.replace(/(?<=.)\.[^.]*$/, "")
      : name.slice(0, -profileFormats[known].extension.length - 1);
  const path = join(dirname(first), `${stem || "profile"}.${extension}`);
  if (inputs.some((input) => resolve(input) === resolve(path))) {
    throw usage(`The output would replace the input ${path}: name it with --output`);
  }
  return path;
}
