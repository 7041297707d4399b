import {
  NATIVE_FLAG,
  type Options,
  optionValue,
  quoted,
  readBlocking,
  readFormat,
  readMode,
  readNumber,
  readOutput,
  readPatterns,
  readPid,
  readSeconds,
  refuseNative,
  usage,
} from "./argument-values.js";
import { type Format, formatNames } from "./formats.js";
import { type Presentation, readPresentation } from "./presentation.js";

/** Running programs, or one to start, are to be sampled and a profile of them written. */
export interface RecordCommand extends Presentation {
  readonly name: "record";
  readonly target: RecordTarget;
  /** Also what the processes start, and what that starts. */
  readonly subprocesses: boolean;
  /** A path; `-` is standard output. Undefined: a file named after the target and the time. */
  readonly output: string | undefined;
  /** Undefined: as the output's name says. */
  readonly format: Format | undefined;
  /** Seconds; undefined: until the process ends or somebody stops it. */
  readonly duration: number | undefined;
  /** Seconds before the first sample. */
  readonly delay: number;
  /** Samples a second. */
  readonly rate: number;
  /** Also threads that wait. */
  readonly idle: boolean;
  /** Only threads that hold the GIL. */
  readonly gil: boolean;
  readonly mainThread: boolean;
  readonly tasks: boolean;
  /** With each sample the resident memory of its process. */
  readonly rss: boolean;
  /** Only, or no, samples with a function, a file or a thread's name like that. */
  readonly include: readonly RegExp[] | undefined;
  readonly exclude: readonly RegExp[] | undefined;
  /** Stop the program's threads while they are read. */
  readonly blocking: boolean;
  /** Begin another file after so many seconds, and keep so many of them. */
  readonly rotation: Rotation | undefined;
  /** What becomes of a program that was started when nothing more is sampled of it. */
  readonly afterwards: "wait" | "kill" | "detach";
  /** Trouble of the profiler ends pyspy with a code of its own. */
  readonly strict: boolean;
  /** What the program prints is kept from the screen. */
  readonly capture: boolean;
  readonly hideProgress: boolean;
  /** Show stack traces of pyspy's own failures. */
  readonly debug: boolean;
}

export interface Rotation {
  readonly seconds: number;
  /** Undefined: all. */
  readonly keep: number | undefined;
}

/** Running processes, or a program to start with its arguments. */
export type RecordTarget =
  | {
      readonly kind: "processes";
      readonly pids: readonly number[];
      /** Also those whose command lines match. */
      readonly match: readonly RegExp[] | undefined;
    }
  | { readonly kind: "program"; readonly words: readonly string[] };

/** An option as the help shows it: its flags, what it is for, and whether it may be given several times. */
type OptionRow = readonly [flags: string, meaning: string, repeated?: "repeated"];

const otherFormats = formatNames.filter((name) => !["flamegraph", "raw", "pyspy"].includes(name));

/** The options by their groups in the help. */
export const recordOptions: readonly (readonly [title: string, options: readonly OptionRow[]])[] = [
  [
    "What to sample:",
    [
      ["-p, --pid <pid>", "process to look into, in decimal or hex; may be repeated", "repeated"],
      ["-m, --match <regex>", "Pythons whose command line is like that", "repeated"],
      ["-s, --subprocesses", "also what they start, and what that starts"],
    ],
  ],
  [
    "Sampling:",
    [
      ["-d, --duration <time>", "how long: 90, 90s, 5m; default: until the program ends"],
      ["-r, --rate <number>", "samples a second: 500, 2k; default: 100"],
      ["--delay <time>", "how long to wait before the first sample"],
      [
        "--mode <mode>",
        "cpu: threads that run (default)\nwall: also those that wait\ngil: those that hold the GIL",
      ],
      ["-i, --idle", "the same as --mode wall"],
      ["-g, --gil", "the same as --mode gil"],
      ["--main-thread", "only the main thread of each process"],
      [
        "--async",
        "show tasks of asyncio, and greenlets, as stacks of their own under who waits for them; with -i those that wait, too",
      ],
      ["--rss", "also how much memory each process has (formats pyspy, jsonl, chrometrace)"],
      ["--include <regex>", "only stacks with a function, file or thread like that", "repeated"],
      ["--exclude <regex>", "no stacks with a function, file or thread like that", "repeated"],
      ["--blocking", "stop threads while they are read, for at most 1 % of the time"],
      ["--nonblocking", "read them as they run (default)"],
    ],
  ],
  [
    "Output:",
    [
      ["-o, --output <file>", '"-" is standard output; default: PROGRAM-TIME.svg'],
      [
        "-f, --format <format>",
        "flamegraph: an SVG to open in a browser\nraw: collapsed stacks, as text\npyspy: all that was seen, for pyspy convert\n" +
          `others: ${otherFormats.join(", ")}\ndefault: what the output's name says, or flamegraph`,
      ],
      ["-t, --threads", "a frame for each thread above its stacks"],
      ["-F, --function", "frames by function, not by line"],
      ["--nolineno", "no line numbers"],
      ["--full-filenames", "whole paths of files"],
      ["--rotate <time>", "begin another file every 60s, 10m, …"],
      ["--keep <number>", "how many of these files to keep; default: all"],
    ],
  ],
  [
    "The program that is started:",
    [
      ["--kill", "end it when sampling is over"],
      ["--detach", "leave it running when sampling is over; default: wait for it"],
      ["--strict", "exit with 1 if the profile is empty or not what was asked for"],
    ],
  ],
  ["Other:", [["--debug", "show stack traces of pyspy's own failures"]]],
];

/** What py-spy has and hides, and what there is no use for yet. */
export const hiddenRecordOptions: readonly OptionRow[] = [
  ["--capture", "keep what the program prints from the screen"],
  ["--hideprogress", "no progress"],
  [NATIVE_FLAG, "stacks of C, C++ and Cython"],
];

const highestRate = 1_000_000;
const mostFiles = 1_000_000;
const modes = ["cpu", "wall", "gil"] as const;

export function readRecord(words: readonly string[], options: Options): RecordCommand {
  refuseNative(options);
  const target = readTarget(words, options);
  const output = readOutput(optionValue(options, "output"));
  const rotation = readRotation(options);
  if (rotation !== undefined && output === "-") {
    throw usage("With --rotate there are several files, and standard output is one");
  }
  const several = target.kind === "processes" && (target.pids.length > 1 || target.match !== undefined);
  const subprocesses = options["subprocesses"] === true;
  return {
    name: "record",
    target,
    subprocesses,
    output,
    format: readFormat(optionValue(options, "format")),
    ...readPresentation(options),
    processes: subprocesses || several,
    duration: readDuration(optionValue(options, "duration")),
    delay: readDelay(optionValue(options, "delay")),
    rate: readRate(optionValue(options, "rate")),
    ...readIdleAndGil(options),
    mainThread: options["mainThread"] === true,
    tasks: options["async"] === true,
    rss: options["rss"] === true,
    include: readPatterns("include", options["include"]),
    exclude: readPatterns("exclude", options["exclude"]),
    blocking: readBlocking(options),
    rotation,
    afterwards: readAfterwards(target, options),
    strict: options["strict"] === true,
    capture: options["capture"] === true,
    hideProgress: options["hideprogress"] === true,
    debug: options["debug"] === true,
  };
}

function readTarget(words: readonly string[], options: Options): RecordTarget {
  const pids = ((options["pid"] as readonly string[] | undefined) ?? []).map(readPid);
  const match = readPatterns("match", options["match"]);
  if (pids.length === 0 && match === undefined) {
    if (words.length === 0) {
      throw usage(
        "Nothing to record: give a program to run or the --pid of a process; see pyspy record --help",
      );
    }
    return { kind: "program", words };
  }
  const option = pids.length > 0 ? "--pid" : "--match";
  if (words.length > 0) throw usage(`Either ${option} or a program to run can be recorded, not both`);
  return { kind: "processes", pids: [...new Set(pids)], match };
}

function readDuration(text: string | undefined): number | undefined {
  if (text === undefined || text.toLowerCase() === "unlimited") return undefined;
  const seconds = readSeconds(text);
  if (!(seconds > 0)) {
    throw usage(`The duration is a time above 0, like 90, 90s or 5m, or "unlimited", not ${quoted(text)}`);
  }
  return seconds;
}

function readDelay(text: string | undefined): number {
  if (text === undefined) return 0;
  const seconds = readSeconds(text);
  if (Number.isNaN(seconds)) throw usage(`The delay is a time like 5, 5s or 1m, not ${quoted(text)}`);
  return seconds;
}

function readRate(text: string | undefined): number {
  if (text === undefined) return 100;
  const [, number = "", thousands] = /^(.*?)(k)?$/is.exec(text) ?? [];
  const rate = readNumber(number) * (thousands === undefined ? 1 : 1000);
  if (!(rate >= 1 && rate <= highestRate)) {
    throw usage(
      `The rate is a number of samples a second from 1 to ${highestRate}, like 500 or 2k, not ${quoted(text)}`,
    );
  }
  return rate;
}

/** Options of py-spy can be given together: threads that hold the GIL, those that wait with it too. */
function readIdleAndGil(options: Options): Pick<RecordCommand, "idle" | "gil"> {
  const text = optionValue(options, "mode");
  const idle = options["idle"] === true;
  const gil = options["gil"] === true;
  if (text === undefined) return { idle, gil };
  const mode = readMode(text, modes);
  for (const [option, isGiven, same] of [
    ["--idle", idle, "wall"],
    ["--gil", gil, "gil"],
  ] as const) {
    if (isGiven && mode !== same) throw usage(`Only one of ${option} and --mode ${mode} can be had`);
  }
  return { idle: mode === "wall", gil: mode === "gil" };
}

function readRotation(options: Options): Rotation | undefined {
  const text = optionValue(options, "rotate");
  const files = optionValue(options, "keep");
  if (text === undefined) {
    if (files !== undefined) throw usage("The option --keep is for --rotate");
    return undefined;
  }
  const seconds = readSeconds(text);
  if (!(seconds >= 1))
    throw usage(`The time to --rotate after is from 1s on, like 60s or 10m, not ${quoted(text)}`);
  if (files === undefined) return { seconds, keep: undefined };
  const keep = /^\d+$/.test(files) ? Number(files) : 0;
  if (!(keep >= 1 && keep <= mostFiles)) {
    throw usage(`The number of files to --keep is from 1 to ${mostFiles}, not ${quoted(files)}`);
  }
  return { seconds, keep };
}

function readAfterwards(target: RecordTarget, { kill, detach }: Options): RecordCommand["afterwards"] {
  if (kill !== true && detach !== true) return "wait";
  if (kill === true && detach === true) throw usage("Only one of --kill and --detach can be had");
  if (target.kind === "processes") {
    throw usage(`The option ${kill ? "--kill" : "--detach"} is for a program that pyspy starts`);
  }
  return kill === true ? "kill" : "detach";
}
