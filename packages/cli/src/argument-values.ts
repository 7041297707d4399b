import { CommandError } from "./command-error.js";
import { type Format, formatNames } from "./formats.js";

/** What commander gives an action. */
export type Options = Readonly<Record<string, unknown>>;

/** The option's value as written. commander takes whatever comes next, also the `--` that was to end the options. */
export function optionValue(options: Options, name: string): string | undefined {
  const value = options[name];
  if (value === undefined) return undefined;
  if (value === "--") throw usage(`The option --${name} needs a value`);
  return String(value);
}

export function readOutput(text: string | undefined): string | undefined {
  if (text === "") throw usage("The name of the output file is empty");
  return text;
}

export function readFormat(
  text: string | undefined,
  names: readonly Format[] = formatNames,
): Format | undefined {
  if (text === undefined) return undefined;
  const format = names.find((name) => name === text.toLowerCase());
  if (format === undefined) {
    throw usage(`The format is one of ${names.join(", ")}, and not ${quoted(text)}`);
  }
  return format;
}

/** A process id, decimal or hex. */
export function readPid(text: string): number {
  const pid = /^(\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : Number.NaN;
  if (!(pid >= 1 && pid <= highestPid)) {
    throw usage(`A process id is a positive number, decimal or hex, not ${quoted(text)}`);
  }
  return pid;
}

const highestPid = 2 ** 31 - 1;

/** All that were given, any of which is to match. Joined into one they would share their groups. */
export function readPatterns(name: string, patterns: unknown): readonly RegExp[] | undefined {
  return Array.isArray(patterns) ? patterns.map((pattern) => readPattern(name, pattern)) : undefined;
}

function readPattern(name: string, pattern: string): RegExp {
  // Python's way to say it, and py-spy's. Before Node 23 such a group is a mistake.
  const [written = "", flags = ""] = /^\(\?([ims]+)\)/.exec(pattern) ?? [];
  try {
    return new RegExp(pattern.slice(written.length), [...new Set(flags)].join(""));
  } catch (error) {
    const [, reason = "it is malformed"] = /: ([^:]*)$/.exec((error as Error).message) ?? [];
    throw usage(`The pattern ${quoted(pattern)} of --${name} is no regular expression: ${reason}`);
  }
}

/** One of these modes. */
export function readMode<Mode extends string>(text: string, modes: readonly Mode[]): Mode {
  const mode = modes.find((name) => name === text.toLowerCase());
  if (mode === undefined) throw usage(`The mode is ${modes.join(", ")}, and not ${quoted(text)}`);
  return mode;
}

/** Whether threads are to be stopped while they are read. */
export function readBlocking({ blocking, nonblocking }: Options): boolean {
  if (blocking === true && nonblocking === true)
    throw usage("Only one of --blocking and --nonblocking can be had");
  return blocking === true;
}

/** What py-spy's commands have and there is no use for yet; not in the help. */
export const NATIVE_FLAG = "-n, --native";

/** Says so where it is asked for. */
export function refuseNative({ native }: Options): void {
  if (native === true) {
    throw usage("Frames of C, C++ and Cython (--native) come with a later version of pyspy");
  }
}

/** NaN for what is not a plain decimal number: `Number` would also take "", "0x10" and "Infinity". */
export function readNumber(text: string): number {
  return /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
}

/** `90`, `90s`, `1.5m`, `250ms` or `2h` in seconds; NaN for what is none of these. */
export function readSeconds(text: string): number {
  const [, number = "", unit = "s"] = /^(.*?)(ms|s|m|h)?$/is.exec(text) ?? [];
  return readNumber(number) * (secondsOf[unit.toLowerCase()] ?? Number.NaN);
}

const secondsOf: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

export function quoted(text: string): string {
  return text === "" ? "an empty text" : `"${text}"`;
}

export function usage(message: string): CommandError {
  return new CommandError("usage", message);
}
