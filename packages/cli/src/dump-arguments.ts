import {
  type Options,
  optionValue,
  quoted,
  readBlocking,
  readNumber,
  readPatterns,
  readPid,
  refuseNative,
  usage,
} from "./argument-values.js";

/** The stacks of programs, or of core files, are to be shown. */
export interface DumpCommand {
  readonly name: "dump";
  readonly target: DumpTarget;
  /** How much of variables is shown: 0 nothing. */
  readonly locals: number;
  /** Names of what is not to be shown. */
  readonly redact: readonly RegExp[] | undefined;
  /** Also tasks of `asyncio`. */
  readonly tasks: boolean;
  readonly source: boolean;
  readonly fullFileNames: boolean;
  /** Threads with the same stack are shown as one. */
  readonly fold: boolean;
  readonly json: boolean;
  /** How many times to look, and seconds between the looks; undefined for one look and nothing to compare it with. */
  readonly repeat: number | undefined;
  readonly interval: number;
  /** All is to be of one moment: threads that run are stopped while they are read. */
  readonly blocking: boolean;
  readonly debug: boolean;
}

export type DumpTarget =
  /** The Pythons that can be looked into are to be listed. */
  | { readonly kind: "list" }
  | {
      readonly kind: "processes";
      readonly pids: readonly number[];
      /** Also those whose command lines match. */
      readonly match: readonly RegExp[] | undefined;
      readonly subprocesses: boolean;
    }
  | {
      readonly kind: "core";
      readonly path: string;
      readonly executable: string | undefined;
      readonly sysroot: string | undefined;
      readonly librarySearchPath: readonly string[];
    };

export function readDump(options: Options): DumpCommand {
  refuseNative(options);
  const target = readTarget(options);
  const repeat = readRepeat(optionValue(options, "repeat"));
  const interval = optionValue(options, "interval");
  if (repeat === undefined && interval !== undefined) throw usage("The option --interval is for --repeat");
  const locals = options["locals"] as number;
  const redact = readPatterns("redact", options["redact"]);
  if (locals === 0 && redact !== undefined) throw usage("The option --redact is for --locals");
  if (target.kind === "core" && options["blocking"] === true) {
    throw usage("A core file stands still: --blocking is for processes");
  }
  if (target.kind === "core" && repeat !== undefined) {
    throw usage("A core file stays as it is: --repeat is for processes");
  }
  return {
    name: "dump",
    target,
    locals,
    redact,
    tasks: options["async"] === true,
    source: options["source"] === true,
    fullFileNames: options["fullFilenames"] === true,
    fold: options["fold"] !== false,
    json: options["json"] === true,
    repeat,
    interval: readInterval(interval),
    blocking: readBlocking(options),
    debug: options["debug"] === true,
  };
}

function readTarget(options: Options): DumpTarget {
  const path = optionValue(options, "core");
  const executable = optionValue(options, "executable");
  const sysroot = optionValue(options, "sysroot");
  const librarySearchPath = (options["libSearchPath"] as readonly string[] | undefined) ?? [];
  const pids = ((options["pid"] as readonly string[] | undefined) ?? []).map(readPid);
  const match = readPatterns("match", options["match"]);
  const subprocesses = options["subprocesses"] === true;
  const hasProcesses = pids.length > 0 || match !== undefined;
  if (path !== undefined) {
    if (path === "") throw usage("The name of the core file is empty");
    if (hasProcesses) throw usage("Either processes or a core file can be looked into, not both");
    if (subprocesses) throw usage("A core file is of one process: --subprocesses is for processes");
    return { kind: "core", path, executable, sysroot, librarySearchPath };
  }
  if (executable !== undefined || sysroot !== undefined || librarySearchPath.length > 0) {
    throw usage("The options --executable, --sysroot and --lib-search-path are for --core");
  }
  if (hasProcesses) return { kind: "processes", pids: [...new Set(pids)], match, subprocesses };
  if (subprocesses) throw usage("The option --subprocesses is for --pid or --match");
  return { kind: "list" };
}

function readRepeat(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const repeat = /^\d+$/.test(text) ? Number(text) : 0;
  if (!(repeat >= 1 && repeat <= 1_000_000)) {
    throw usage(`The number of looks is from 1 to 1000000, and not ${quoted(text)}`);
  }
  return repeat;
}

function readInterval(text: string | undefined): number {
  if (text === undefined) return 1;
  const seconds = readNumber(text);
  if (!(seconds >= 0 && seconds <= 86_400)) {
    throw usage(`The interval is a number of seconds up to 86400, and not ${quoted(text)}`);
  }
  return seconds;
}
