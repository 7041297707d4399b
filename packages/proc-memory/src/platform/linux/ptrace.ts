import { constants } from "node:os";
import type { Pid, Tid } from "../../process-view.js";
import { ChildStates } from "./child-state.js";
import { type Libc, libc } from "./libc.js";

/* Requests of ptrace(2), from linux/ptrace.h. */
const PTRACE_DETACH = 17;
const PTRACE_SEIZE = 0x4206;
const PTRACE_INTERRUPT = 0x4207;

const SYS_TGKILL = 234;

/** What a traced thread is at: still running, ended, not ours (any longer), or stopped, perhaps on the way to a signal. */
export type TraceeState = "running" | "ended" | "untraced" | "stopped";

/** The calls of ptrace(2) that it takes to stop threads and let them go. All of them belong to one thread of ours. */
export class Ptrace {
  readonly #libc: Libc;
  readonly #states: ChildStates;
  /** The signal that the thread of the last {@link look} is about to get; 0 if it stopped for another reason. */
  signal = 0;

  constructor(system: Libc = libc()) {
    this.#libc = system;
    this.#states = new ChildStates(system);
  }

  /** Whether the process has that thread: ids are used again, and no other process's thread may be touched. */
  hasThread(pid: Pid, tid: Tid): boolean {
    return this.#libc.syscall(SYS_TGKILL, pid, tid, 0) === 0 || this.#libc.errno() === constants.errno.EPERM;
  }

  /**
   * Starts tracing a thread, which goes on running. No options: what it clones is not traced, and it goes on when
   * this thread of ours ends, in whatever way. Returns 0 or an errno.
   */
  seize(tid: Tid): number {
    return this.#libc.ptrace(PTRACE_SEIZE, tid, 0, 0) === 0 ? 0 : this.#libc.errno();
  }

  /** Makes a seized thread stop soon. False if it is not one, or is gone. */
  interrupt(tid: Tid): boolean {
    return this.#libc.ptrace(PTRACE_INTERRUPT, tid, 0, 0) === 0;
  }

  /** Ends the tracing of a thread that is stopped, with the signal that it is about to get. False if it is not stopped. */
  detach(tid: Tid, signal: number): boolean {
    return this.#libc.ptrace(PTRACE_DETACH, tid, 0, signal) === 0;
  }

  /** Looks what a seized thread is at. A signal that it has stopped for stays with it, also should we be killed now. */
  look(tid: Tid): TraceeState {
    this.signal = 0;
    const state = this.#states.look(tid);
    if (state === "failed") return this.#libc.errno() === constants.errno.ECHILD ? "untraced" : "running";
    // Without an event in its upper bits it is a signal on its way (ptrace(2), "Signal-delivery-stop").
    if (state === "stopped" && this.#states.stopStatus >> 8 === 0) this.signal = this.#states.stopStatus;
    return state;
  }

  /** See {@link ChildStates.reap}. */
  reap(tid: Tid): void {
    this.#states.reap(tid);
  }

  /** Lets other threads have this processor. */
  yield(): void {
    this.#libc.sched_yield();
  }
}
