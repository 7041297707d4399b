import type { SampleView } from "@pyspy/flamegraph";
import {
  type Options,
  optionValue,
  quoted,
  readFormat,
  readMode,
  readOutput,
  readPatterns,
  readSeconds,
  usage,
} from "./argument-values.js";
import { type Format, summaryFormatNames } from "./formats.js";
import { type Presentation, readPresentation } from "./presentation.js";

/** Profiles that were written before are to be written as one: as a file (`convert`), or as a summary for a person (`report`). */
export interface ConvertCommand extends Presentation {
  readonly name: "convert" | "report";
  /** Paths, at least one; `-` is standard input. */
  readonly inputs: readonly string[];
  /** A path; `-` is standard output. Undefined: a file named after the first input. */
  readonly output: string | undefined;
  /** Undefined: as the output's name says. */
  readonly format: Format | undefined;
  readonly choice: SampleChoiceArguments;
  readonly debug: boolean;
}

/** Which samples are looked at. */
export interface SampleChoiceArguments {
  readonly mode: SampleView;
  /** Seconds since the start of the profile. */
  readonly from: number | undefined;
  readonly until: number | undefined;
  readonly include: readonly RegExp[] | undefined;
  readonly exclude: readonly RegExp[] | undefined;
  /** Stacks that may never have existed as shown, too. */
  readonly torn: boolean;
}

export const modeNames = ["wall", "cpu", "gil", "idle"] as const satisfies readonly SampleView[];

export function readConvert(inputs: readonly string[], options: Options): ConvertCommand {
  return {
    name: "convert",
    inputs: readInputs(inputs),
    output: readOutput(optionValue(options, "output")),
    format: readFormat(optionValue(options, "format")),
    ...readShared(options),
  };
}

export function readReport(inputs: readonly string[], options: Options): ConvertCommand {
  return {
    name: "report",
    inputs: readInputs(inputs),
    output: readOutput(optionValue(options, "output")) ?? "-",
    format: readFormat(optionValue(options, "format"), summaryFormatNames),
    ...readShared(options),
  };
}

/** commander has seen to it that there is at least one. */
function readInputs(inputs: readonly string[]): readonly string[] {
  if (inputs.includes("")) throw usage("The name of an input file is empty");
  if (inputs.filter((input) => input === "-").length > 1) throw usage("Standard input can be read only once");
  return inputs;
}

function readShared(options: Options): Omit<ConvertCommand, "name" | "inputs" | "output" | "format"> {
  return {
    choice: readChoice(options),
    ...readPresentation(options),
    debug: options["debug"] === true,
  };
}

function readChoice(options: Options): SampleChoiceArguments {
  const from = readTime("from", optionValue(options, "from"));
  const until = readTime("until", optionValue(options, "until"));
  if (until !== undefined && until <= (from ?? 0)) throw usage("No time is left between --from and --until");
  return {
    mode: readMode(optionValue(options, "mode") ?? "wall", modeNames),
    from,
    until,
    include: readPatterns("include", options["include"]),
    exclude: readPatterns("exclude", options["exclude"]),
    torn: options["torn"] === true,
  };
}

/** `90`, `90s`, `1.5m`, `250ms`. */
function readTime(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = readSeconds(text);
  if (Number.isNaN(seconds)) {
    throw usage(`The time --${name} is like 90, 90s, 1.5m or 250ms, and not ${quoted(text)}`);
  }
  return seconds;
}
