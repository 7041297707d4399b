import { closeSync, openSync, readSync } from "node:fs";
import type { Pid, ThreadState, Tid } from "../../process-view.js";
import { parseState, STAT_BYTES } from "./process-stat.js";

/** Descriptors kept open; the usual limit of a process is 1024. */
const MOST_FILES = 256;

/**
 * The states of a process's threads from /proc/PID/task/TID/stat. Files stay open, which makes asking again one
 * `pread`. When there are more threads than may be kept open, a random one makes room: in a scan over all
 * threads, the least recently used one would always be the next to be asked for.
 */
export class ThreadStates {
  readonly #pid: Pid;
  readonly #files = new Map<Tid, number>();
  readonly #open: Tid[] = [];
  readonly #line = Buffer.alloc(STAT_BYTES);
  readonly #most: number;

  constructor(pid: Pid, most = MOST_FILES) {
    this.#pid = pid;
    this.#most = most;
  }

  /** How many files are open. */
  get openFiles(): number {
    return this.#files.size;
  }

  stateOf(tid: Tid): ThreadState | undefined {
    try {
      const file = this.#files.get(tid) ?? this.#openFile(tid);
      return parseState(this.#line, readSync(file, this.#line, 0, STAT_BYTES, 0));
    } catch {
      this.#closeFile(tid);
      return undefined;
    }
  }

  close(): void {
    for (const tid of [...this.#open]) this.#closeFile(tid);
  }

  #openFile(tid: Tid): number {
    if (this.#open.length >= this.#most) {
      const victim = this.#open[Math.floor(Math.random() * this.#open.length)];
      if (victim !== undefined) this.#closeFile(victim);
    }
    const file = openSync(`/proc/${this.#pid}/task/${tid}/stat`, "r");
    this.#files.set(tid, file);
    this.#open.push(tid);
    return file;
  }

  #closeFile(tid: Tid): void {
    const file = this.#files.get(tid);
    if (file === undefined) return;
    closeSync(file);
    this.#files.delete(tid);
    const last = this.#open.pop();
    const index = last === undefined || last === tid ? -1 : this.#open.indexOf(tid);
    if (last !== undefined && index >= 0) this.#open[index] = last;
  }
}
