import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
} from "node:fs";
import { uptime } from "node:os";
import type { ExitStatus } from "../../exit-status.js";
import { type MemoryMap, parseMaps } from "../../maps.js";
import type { MemoryReader } from "../../memory-reader.js";
import type { FamilyMember } from "../../open-process.js";
import type { ProcessError } from "../../process-error.js";
import type { LiveProcess, MappedFile, Pid, Tid } from "../../process-view.js";
import type { ThreadActivity, ThreadState } from "../../thread-activity.js";
import { descriptorAllowance } from "./descriptor-allowance.js";
import { LinuxMemory } from "./linux-memory.js";
import {
  hasExited,
  isHidden,
  isThread,
  noSuchProcess,
  processError,
  procIsMissing,
} from "./linux-process-error.js";
import { LinuxThread } from "./linux-thread.js";
import { livingThread } from "./living-thread.js";
import { openFileOf, openMappedFile } from "./mapped-file.js";
import { NamespaceThreads } from "./namespace-threads.js";
import { type ProcessStat, parseStat, parseState, STAT_BYTES } from "./process-stat.js";
import { parseThreadGroup } from "./process-status.js";
import { line, RepeatedFile } from "./repeated-file.js";
import { isGone } from "./system-error.js";
import { systemView } from "./system-view.js";

/** `USER_HZ` is 100 on every architecture that we run on (asm-generic/param.h). */
const MILLISECONDS_PER_TICK = 10;

const PAGE_BYTES = 4096;

const DELETED_MARK = " (deleted)";

/** Opens a process; see `openProcess`. `reader` is what its memory is tried with first. */
export function openLinuxProcess(pid: Pid, reader?: MemoryReader): LiveProcess {
  const action = `open process ${pid}`;
  let stat: number;
  try {
    if (!Number.isSafeInteger(pid) || pid <= 0) throw noSuchProcess(action, pid);
    stat = openSync(`/proc/${pid}/stat`, "r");
  } catch (error) {
    throw isGone(error) ? missingOrHidden(action, pid) : processError(action, pid, error);
  }
  try {
    const { state, startTime, exitStatus } = readStat(stat) ?? {};
    if (state === undefined || startTime === undefined) throw noSuchProcess(action, pid);
    const owner = ownerOf(pid);
    if (owner !== pid) throw isThread(action, pid, owner);
    const tid = state === "exited" ? livingThread(pid) : pid;
    if (tid === undefined) throw hasExited(action, pid, exitStatus);
    return new LinuxProcess(pid, stat, startTime, new LinuxMemory(pid, reader, tid));
  } catch (error) {
    closeSync(stat);
    // It may have been reaped since its file was opened.
    throw isGone(error) ? noSuchProcess(action, pid) : processError(action, pid, error);
  }
}

/** See `isProcessAlive`. */
export function isLinuxProcessAlive(pid: Pid): boolean {
  try {
    const stat = statOf(pid);
    return stat !== undefined && (stat.state !== "exited" || livingThread(pid) !== undefined);
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

/** See `readFamily`. */
export function readLinuxFamily(): FamilyMember[] {
  return listLinuxProcesses().flatMap((pid) => readLinuxFamilyMember(pid) ?? []);
}

/** Undefined if there is no such process any more. */
export function readLinuxFamilyMember(pid: Pid): FamilyMember | undefined {
  try {
    const stat = statOf(pid);
    if (stat === undefined) return undefined;
    const { parent, group, session, startTime, state } = stat;
    return { pid, parent, group, session, startTime, isAlive: state !== "exited" };
  } catch {
    return undefined;
  }
}

/** See `dateOfStart`. */
export function dateOfLinuxStart(startTime: number): Date {
  return new Date(Date.now() - uptime() * 1000 + startTime * MILLISECONDS_PER_TICK);
}

class LinuxProcess implements LiveProcess {
  readonly pid: Pid;
  readonly startTime: number;
  readonly memory: LinuxMemory;
  /** /proc/PID/stat, if it is kept open: of hundreds of processes not every one is. */
  #stat: number | undefined;
  #isClosed = false;
  #statm: RepeatedFile | undefined;
  readonly #namespace: NamespaceThreads;

  constructor(pid: Pid, stat: number, startTime: number, memory: LinuxMemory) {
    this.pid = pid;
    this.startTime = startTime;
    this.memory = memory;
    if (descriptorAllowance().take()) this.#stat = stat;
    else closeSync(stat);
    this.#namespace = new NamespaceThreads(pid, () => this.threads());
  }

  get executable(): string | undefined {
    const link = `${this.#directory}/exe`;
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
      const text = readFileSync(`${this.#directory}/cmdline`, "utf8");
      return text === "" ? [] : text.replace(/\0$/, "").split("\0");
    } catch {
      return [];
    }
  }

  maps(): readonly MemoryMap[] {
    const action = `read the memory maps of process ${this.pid}`;
    try {
      const maps = parseMaps(readFileSync(`${this.#directory}/maps`, "utf8"));
      if (maps.length === 0 && !this.isAlive()) throw hasExited(action, this.pid, this.exitStatus());
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
    return openMappedFile(this.#directory, this, map);
  }

  get namespacePids(): readonly Pid[] {
    return this.#namespace.pids;
  }

  hostThreadId(innerTid: Tid): Tid | undefined {
    return this.#namespace.outerIdOf(innerTid);
  }

  openFile(path: string): MappedFile | undefined {
    return openFileOf(this.#directory, path);
  }

  parent(): Pid | undefined {
    return this.#readStat()?.parent;
  }

  isAlive(): boolean {
    const state = this.#readStat()?.state;
    return state !== undefined && (state !== "exited" || livingThread(this.pid) !== undefined);
  }

  exitStatus(): ExitStatus | undefined {
    const status = this.#readStat()?.exitStatus;
    return status === undefined || this.isAlive() ? undefined : status;
  }

  residentBytes(): number | undefined {
    this.#statm ??= new RepeatedFile(`/proc/${this.pid}/statm`, descriptorAllowance());
    const length = this.#statm.read();
    if (length <= 0) return undefined;
    // All pages, then the resident ones (proc_pid_statm(5)).
    const pages = Number(line.toString("latin1", 0, length).split(" ")[1]);
    return Number.isFinite(pages) ? pages * PAGE_BYTES : undefined;
  }

  threadState(tid: Tid): ThreadState | undefined {
    try {
      const text = readFileSync(`/proc/${this.pid}/task/${tid}/stat`);
      return parseState(text, text.length);
    } catch {
      return undefined;
    }
  }

  thread(tid: Tid): ThreadActivity {
    return new LinuxThread(tid, `/proc/${this.pid}/task/${tid}`);
  }

  threadName(tid: Tid): string | undefined {
    try {
      return readFileSync(`/proc/${this.pid}/task/${tid}/comm`, "utf8").replace(/\n$/, "");
    } catch {
      return undefined;
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#statm?.close();
    this.memory.close();
    if (this.#stat === undefined) return;
    closeSync(this.#stat);
    this.#stat = undefined;
    descriptorAllowance().giveBack();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The /proc/PID of the process, or of a thread that still runs when the first one does not. */
  get #directory(): string {
    const hasLeader = this.#readStat()?.state !== "exited";
    return `/proc/${(hasLeader ? undefined : livingThread(this.pid)) ?? this.pid}`;
  }

  #readStat(): ProcessStat | undefined {
    if (this.#isClosed) return undefined;
    try {
      const stat = this.#stat === undefined ? statOf(this.pid) : readStat(this.#stat);
      // An open file stays with its process, a name may have come to be another one's.
      return stat?.startTime === this.startTime ? stat : undefined;
    } catch {
      return undefined;
    }
  }

  /** Whether `path` in the target's root is what `link` leads to: a file may be called "x (deleted)". */
  #isSameFile(path: string, link: string): boolean {
    const named = statSync(`${this.#directory}/root${path}`, { throwIfNoEntry: false });
    const linked = statSync(link);
    return named?.ino === linked.ino && named.dev === linked.dev;
  }
}

function readStat(file: number): ProcessStat | undefined {
  const line = Buffer.alloc(STAT_BYTES);
  return parseStat(line, readSync(file, line, 0, STAT_BYTES, 0));
}

function statOf(pid: Pid): ProcessStat | undefined {
  const line = readFileSync(`/proc/${pid}/stat`);
  return parseStat(line, line.length);
}

function numericEntries(directory: string): number[] {
  return readdirSync(directory)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** The process that a thread belongs to, of which /proc has files by the thread's id as well, though it does not list them. */
function ownerOf(tid: Tid): Pid {
  return parseThreadGroup(systemView.read(`/proc/${tid}/status`)) ?? tid;
}

function missingOrHidden(action: string, pid: Pid): ProcessError {
  if (!existsSync("/proc/self/stat")) return procIsMissing(action);
  return systemView.hasProcess(pid) ? isHidden(action, pid) : noSuchProcess(action, pid);
}
