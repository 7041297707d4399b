import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from "node:fs";
import { type MemoryMap, parseMaps } from "../../maps.js";
import type { MemoryReader } from "../../memory-reader.js";
import { ProcessError } from "../../process-error.js";
import type { LiveProcess, MappedFile, Pid, ThreadState, Tid } from "../../process-view.js";
import { LinuxMemory } from "./linux-memory.js";
import { openFileOf, openMappedFile } from "./mapped-file.js";
import { type ProcessStat, parseStat, STAT_BYTES } from "./process-stat.js";
import { errorName, isDenied, isGone } from "./system-error.js";
import { ThreadStates } from "./thread-states.js";

const DELETED_MARK = " (deleted)";

/** Opens a process; see `openProcess`. `reader` is what its memory is tried with first. */
export function openLinuxProcess(pid: Pid, reader?: MemoryReader): LiveProcess {
  let stat: number;
  try {
    if (!Number.isSafeInteger(pid) || pid <= 0) throw noSuchProcess(pid);
    stat = openSync(`/proc/${pid}/stat`, "r");
  } catch (error) {
    throw isGone(error) ? missingOrHidden(pid) : processError(`open process ${pid}`, pid, error);
  }
  try {
    const { state, startTime } = readStat(stat) ?? {};
    if (state === undefined || startTime === undefined) throw noSuchProcess(pid);
    if (state === "exited") throw hasExited(`open process ${pid}`, pid);
    return new LinuxProcess(pid, stat, startTime, new LinuxMemory(pid, reader));
  } catch (error) {
    closeSync(stat);
    throw error;
  }
}

/** See `isProcessAlive`. */
export function isLinuxProcessAlive(pid: Pid): boolean {
  try {
    const line = readFileSync(`/proc/${pid}/stat`);
    const stat = parseStat(line, line.length);
    return stat !== undefined && stat.state !== "exited";
  } catch {
    return false;
  }
}

/** See `listProcesses`. */
export function listLinuxProcesses(): Pid[] {
  try {
    return numericEntries("/proc");
  } catch (error) {
    throw processError("list processes", undefined, error);
  }
}

class LinuxProcess implements LiveProcess {
  readonly pid: Pid;
  readonly startTime: number;
  readonly memory: LinuxMemory;
  /** /proc/PID/stat: an open file stays with its process, also when the id is used again. */
  #stat: number | undefined;
  readonly #threads: ThreadStates;

  constructor(pid: Pid, stat: number, startTime: number, memory: LinuxMemory) {
    this.pid = pid;
    this.startTime = startTime;
    this.memory = memory;
    this.#stat = stat;
    this.#threads = new ThreadStates(pid);
  }

  get executable(): string | undefined {
    const link = `/proc/${this.pid}/exe`;
    try {
      const target = readlinkSync(link);
      if (!target.endsWith(DELETED_MARK) || this.#isSameFile(target, link)) return target;
      return target.slice(0, -DELETED_MARK.length);
    } catch {
      return undefined;
    }
  }

  get commandLine(): readonly string[] {
    try {
      const text = readFileSync(`/proc/${this.pid}/cmdline`, "utf8");
      return text === "" ? [] : text.replace(/\0$/, "").split("\0");
    } catch {
      return [];
    }
  }

  maps(): readonly MemoryMap[] {
    const action = `read the memory maps of process ${this.pid}`;
    try {
      const maps = parseMaps(readFileSync(`/proc/${this.pid}/maps`, "utf8"));
      if (maps.length === 0 && !this.isAlive()) throw hasExited(action, this.pid);
      return maps;
    } catch (error) {
      throw processError(action, this.pid, error);
    }
  }

  threads(): readonly Tid[] {
    try {
      return numericEntries(`/proc/${this.pid}/task`);
    } catch {
      return [];
    }
  }

  openMappedFile(map: MemoryMap): MappedFile | undefined {
    return openMappedFile(this.pid, map, this.executable);
  }

  openFile(path: string): MappedFile | undefined {
    return openFileOf(this.pid, path);
  }

  parent(): Pid | undefined {
    return this.#readStat()?.parent;
  }

  isAlive(): boolean {
    const state = this.#readStat()?.state;
    return state !== undefined && state !== "exited";
  }

  threadState(tid: Tid): ThreadState | undefined {
    return this.#threads.stateOf(tid);
  }

  close(): void {
    if (this.#stat === undefined) return;
    closeSync(this.#stat);
    this.#stat = undefined;
    this.#threads.close();
    this.memory.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #readStat(): ProcessStat | undefined {
    try {
      return this.#stat === undefined ? undefined : readStat(this.#stat);
    } catch {
      return undefined;
    }
  }

  /** Whether `path` in the target's root is what `link` leads to: a file may be called "x (deleted)". */
  #isSameFile(path: string, link: string): boolean {
    const named = statSync(`/proc/${this.pid}/root${path}`, { throwIfNoEntry: false });
    const linked = statSync(link);
    return named?.ino === linked.ino && named.dev === linked.dev;
  }
}

function readStat(file: number): ProcessStat | undefined {
  const line = Buffer.alloc(STAT_BYTES);
  return parseStat(line, readSync(file, line, 0, STAT_BYTES, 0));
}

function numericEntries(directory: string): number[] {
  return readdirSync(directory)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

function missingOrHidden(pid: Pid): ProcessError {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorName(error) !== "EPERM") return noSuchProcess(pid);
  }
  // It exists, but /proc is mounted with `hidepid`.
  return new ProcessError("permission-denied", `Cannot open process ${pid}: it is hidden from this user`, {
    pid,
  });
}

function noSuchProcess(pid: Pid): ProcessError {
  return new ProcessError("no-such-process", `Cannot open process ${pid}: there is no such process`, { pid });
}

function hasExited(action: string, pid: Pid): ProcessError {
  return new ProcessError("exited", `Cannot ${action}: it has exited`, { pid });
}

/** `error` as one of ours. */
function processError(action: string, pid: Pid | undefined, error: unknown): ProcessError {
  if (error instanceof ProcessError) return error;
  const facts = pid === undefined ? { cause: error } : { pid, cause: error };
  if (isGone(error)) return new ProcessError("exited", `Cannot ${action}: it has exited`, facts);
  if (isDenied(error)) {
    return new ProcessError("permission-denied", `Cannot ${action}: this user may not look into it`, facts);
  }
  return new ProcessError("system-error", `Cannot ${action}: ${errorName(error) ?? error}`, facts);
}
