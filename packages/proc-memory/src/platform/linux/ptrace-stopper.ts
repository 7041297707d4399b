/**
 * Stops threads, and lets go of them whatever happens.
 *
 * A thread that is traced is a hostage: each of its signals stops it until the tracer comes round, its end is told to
 * the tracer first, a set-user-id program that it executes gets no rights. So threads are traced only while they are
 * stopped: PTRACE_SEIZE, PTRACE_INTERRUPT, a look, PTRACE_DETACH. What can come in between:
 *
 * - It stops on the way to a signal instead. That is as good; the signal goes with PTRACE_DETACH.
 * - The process is stopped by SIGSTOP or a terminal (T). Then it becomes traced (t) and, after PTRACE_DETACH, T again.
 * - It ends. Others wait until the tracer has reaped it, except for a process that we have started ourselves: its exit
 *   status belongs to who started it.
 * - It executes a program. Then it has the process's id from there on, and is traced under that.
 * - It does not stop in time, because it sleeps uninterruptibly or gets no processor. It would stop later, with nobody
 *   to let it go. It is kept in a list of late threads, which every call looks after, and a timer.
 */

import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { ProcessError } from "../../process-error.js";
import type { Pid, Tid } from "../../process-view.js";
import type { StopOutcome, ThreadStopper } from "../../stop.js";
import { libc } from "./libc.js";
import { hasExited, noSuchProcess, processError } from "./linux-process-error.js";
import { livingThread } from "./living-thread.js";
import { parseStat } from "./process-stat.js";
import { type ProcessStatus, parseStatus } from "./process-status.js";
import { Ptrace } from "./ptrace.js";
import { isGone } from "./system-error.js";

/** How long the other threads are kept waiting for one that does not stop. */
const MOST_STOPPING_MS = 5;
/** How long a late thread is waited for once the others have been let go. Starting a program by vfork takes a millisecond. */
const MOST_LETTING_GO_MS = 20;
/** How often late threads are looked after when nothing else is called. */
const LATE_INTERVAL_MS = 1;
/** Most threads stop in some ten microseconds; sleeping takes more. */
const YIELDING_MS = 0.5;
const SLEEP_MS = 0.05;

const NANOSECONDS_PER_MS = 1e6;
const { EPERM, ESRCH } = constants.errno;
const MOST_TRIES = 3;

/** See `openThreadStopper`. */
export function openPtraceStopper(pid: Pid, tid?: Tid): ThreadStopper {
  const action = `stop the threads of process ${pid}`;
  if (!Number.isSafeInteger(pid) || pid <= 0) throw noSuchProcess(action, pid);
  const stopper = new PtraceStopper(pid, ptraceTo(action, pid), isChild(pid, action));
  try {
    for (let tries = 1; ; tries++) {
      const tried = tid ?? livingThread(pid);
      if (tried === undefined) throw hasExited(action, pid);
      const { gone, refused } = stopper.stop([tried]);
      stopper.resume();
      if (refused.length > 0 && !isTracedInPart(pid, tried)) throw refusal(action, pid, tried);
      // Another thread is there unless the process has ended, too.
      if (gone.length === 0 || tid !== undefined || tries === MOST_TRIES) return stopper;
    }
  } catch (error) {
    stopper.close();
    throw error;
  }
}

class PtraceStopper implements ThreadStopper {
  readonly pid: Pid;
  readonly #ptrace: Ptrace;
  /** Whether this process has started it, and so is the one that its exit status belongs to. */
  readonly #isChild: boolean;
  /** Traced threads that do not stand still yet. */
  #running: Tid[] = [];
  /** Those that do, and the signal that each has to get when it goes on. */
  #stopped: Tid[] = [];
  #signals: number[] = [];
  /** Traced threads that did not stop in time and have yet to be let go. */
  readonly #late = new Set<Tid>();
  /** Nobody wakes us while we sleep on it. */
  readonly #pillow = new Int32Array(new SharedArrayBuffer(4));
  #timer: NodeJS.Timeout | undefined;
  #since = 0;

  constructor(pid: Pid, ptrace: Ptrace, isChildOfOurs: boolean) {
    this.pid = pid;
    this.#ptrace = ptrace;
    this.#isChild = isChildOfOurs;
  }

  get late(): number {
    return this.#late.size;
  }

  stop(tids: readonly Tid[]): StopOutcome {
    this.resume();
    return this.stopMore(tids);
  }

  stopMore(tids: readonly Tid[]): StopOutcome {
    const gone: Tid[] = [];
    const refused: Tid[] = [];
    // Those that were late the last time may stand still by now.
    if (this.#running.length > 0) this.#waitUntilStopped(gone, performance.now());
    // A late thread may have ended while another one executes a program, which waits for us to reap it: PTRACE_SEIZE
    // would wait for that, for ever.
    if (this.#late.size > 0 || this.#running.length > 0) {
      const late = tids.filter((tid) => !this.#stopped.includes(tid) && !gone.includes(tid));
      return { stopped: [...this.#stopped], gone, refused, late };
    }
    for (const tid of tids) {
      const errno = this.#seize(tid);
      if (errno === 0) this.#running.push(tid);
      else if (errno === ESRCH) gone.push(tid);
      // Listed twice, or stopped before: it is ours already.
      else if (!this.#isHeld(tid)) refused.push(tid);
    }
    const now = performance.now();
    if (this.#stopped.length === 0) this.#since = now;
    for (const tid of this.#running) this.#ptrace.interrupt(tid);
    this.#waitUntilStopped(gone, now);
    const late = tids.filter((tid) => this.#running.includes(tid));
    return { stopped: [...this.#stopped], gone, refused, late };
  }

  resume(): number {
    const stopped = this.#stopped;
    let end = this.#since;
    for (const [index, tid] of stopped.entries()) {
      // Not after it: the thread may go on in our place, on this processor.
      end = performance.now();
      // Killed meanwhile, or about to be.
      if (!this.#ptrace.detach(tid, this.#signals[index] ?? 0)) this.#late.add(tid);
    }
    for (const tid of this.#running) this.#late.add(tid);
    if (stopped.length > 0) {
      this.#stopped = [];
      this.#signals = [];
    }
    const isNew = this.#running.length > 0;
    this.#running = [];
    if (this.#late.size > 0) this.#letGoLate(isNew ? MOST_LETTING_GO_MS : 0);
    return Math.round((end - this.#since) * NANOSECONDS_PER_MS);
  }

  close(): void {
    this.resume();
    this.#letGoLate(MOST_LETTING_GO_MS);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The kernel refuses to trace a thread that has ended with the same error as one that may not be traced. */
  #seize(tid: Tid): number {
    let errno = 0;
    // The first thread ends, and lives again, when another one executes a program: so it may have ended only just now.
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (!this.#ptrace.hasThread(this.pid, tid)) return ESRCH;
      errno = this.#ptrace.seize(tid);
      if (errno !== EPERM) return errno;
      const status = threadStatus(this.pid, tid);
      if (status === undefined || status.isZombie) return ESRCH;
      if (status.tracer !== 0) return errno;
    }
    return errno;
  }

  /** Waits for one after the other, because all of them have to stop; when time is up, takes those that have. */
  #waitUntilStopped(gone: Tid[], start: number): void {
    const end = start + MOST_STOPPING_MS;
    const late: Tid[] = [];
    for (const tid of this.#running) {
      let state = this.#ptrace.look(tid);
      while (state === "running" && late.length === 0) {
        const now = performance.now();
        if (now >= end) break;
        this.#pause(now - start);
        state = this.#ptrace.look(tid);
      }
      if (state === "running") {
        late.push(tid);
      } else if (state === "stopped") {
        this.#stopped.push(tid);
        this.#signals.push(this.#ptrace.signal);
      } else {
        this.#lose(tid, state);
        gone.push(tid);
      }
    }
    this.#running = late;
  }

  /** Lets go of the late threads that have stopped by now, for at most so many milliseconds. */
  #letGoLate(patience: number): void {
    const start = performance.now();
    for (;;) {
      for (const tid of this.#late) this.#letGo(tid);
      const waited = performance.now() - start;
      if (this.#late.size === 0 || waited >= patience) break;
      this.#pause(waited);
    }
    if (this.#late.size > 0) {
      this.#timer ??= setInterval(() => this.#letGoLate(0), LATE_INTERVAL_MS).unref();
    } else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #letGo(tid: Tid): void {
    const state = this.#ptrace.look(tid);
    if (state === "running") {
      // Asked again, because it may have taken over the id of a thread that had been asked. A child of ours looks like
      // running also when it is not traced any more.
      if (this.#ptrace.interrupt(tid)) return;
      this.#late.delete(tid);
      this.#lose(tid, "untraced");
    } else if (state !== "stopped") {
      this.#late.delete(tid);
      this.#lose(tid, state);
    } else if (this.#ptrace.detach(tid, this.#ptrace.signal)) {
      this.#late.delete(tid);
    }
  }

  /** A traced thread has ended, or has the process's id since it executed a program. */
  #lose(tid: Tid, state: "ended" | "untraced"): void {
    if (state === "ended") {
      if (tid !== this.pid || !this.#isChild) this.#ptrace.reap(tid);
    } else if (tid !== this.pid && this.#ptrace.interrupt(this.pid) && !this.#isHeld(this.pid)) {
      this.#late.add(this.pid);
    }
  }

  #isHeld(tid: Tid): boolean {
    return this.#running.includes(tid) || this.#stopped.includes(tid);
  }

  #pause(waited: number): void {
    // Never without: the thread may be waiting for this very processor.
    if (waited < YIELDING_MS) this.#ptrace.yield();
    else Atomics.wait(this.#pillow, 0, 0, SLEEP_MS);
  }
}

function ptraceTo(action: string, pid: Pid): Ptrace {
  try {
    return new Ptrace(libc());
  } catch (cause) {
    const message = `Cannot ${action}: the C library cannot be called`;
    throw new ProcessError("system-error", message, { pid, cause });
  }
}

function isChild(pid: Pid, action: string): boolean {
  try {
    const line = readFileSync(`/proc/${pid}/stat`);
    const stat = parseStat(line, line.length);
    if (stat === undefined) throw noSuchProcess(action, pid);
    if (stat.state === "exited" && livingThread(pid) === undefined) throw hasExited(action, pid);
    return stat.parent === process.pid;
  } catch (error) {
    throw isGone(error) ? noSuchProcess(action, pid) : processError(action, pid, error);
  }
}

function threadStatus(pid: Pid, tid: Tid): ProcessStatus | undefined {
  try {
    return parseStatus(readFileSync(`/proc/${pid}/task/${tid}/status`, "utf8"));
  } catch {
    return undefined;
  }
}

/** Whether somebody traces this thread, and leaves others of the process alone, which may be stopped. */
function isTracedInPart(pid: Pid, tid: Tid): boolean {
  const isUntraced = (status: ProcessStatus | undefined) => status?.tracer === 0 && !status.isZombie;
  return (
    (threadStatus(pid, tid)?.tracer ?? 0) !== 0 &&
    threadsOf(pid).some((each) => isUntraced(threadStatus(pid, each)))
  );
}

function threadsOf(pid: Pid): Tid[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

function refusal(action: string, pid: Pid, tid: Tid): ProcessError {
  const tracer = threadStatus(pid, tid)?.tracer ?? 0;
  const reason =
    tracer === 0
      ? "this user may not trace it"
      : `process ${tracer} (${threadStatus(tracer, tracer)?.name ?? "unknown"}) traces it`;
  return new ProcessError("permission-denied", `Cannot ${action}: ${reason}`, { pid, denied: "stop" });
}
