import type { Pid, Tid } from "../../process-view.js";
import type { Libc } from "./libc.js";

/* Of waitid(2), from linux/wait.h. */
const P_PID = 1;
const WEXITED = 4;
const WNOWAIT = 0x0100_0000;
const WNOHANG = 1;
/** Threads too, which are no children to `wait` otherwise. */
const WALL = 0x4000_0000;

/* `siginfo_t` on x86-64: 128 bytes, as words of four. */
const SIGINFO_WORDS = 32;
const SI_CODE = 2;
const SI_PID = 4;
const SI_STATUS = 6;
const CLD_EXITED = 1;
const CLD_DUMPED = 3;

/** What a child or a traced thread is at. It "failed" when it is neither, and with EINTR: errno says which. */
export type ChildState = "running" | "stopped" | "ended" | "failed";

/**
 * Looks what children and traced threads are at, and takes nothing away (`WNOWAIT`). To the kernel a traced thread's
 * stops are told to whoever waits for the thread, whatever for: a tracer would take the end from the parent, and a
 * parent that asks for the end alone would take the stops from the tracer, and the signals that come with them.
 */
export class ChildStates {
  readonly #libc: Pick<Libc, "waitid" | "waitpid">;
  readonly #information = new Int32Array(SIGINFO_WORDS);

  constructor(system: Pick<Libc, "waitid" | "waitpid">) {
    this.#libc = system;
  }

  look(id: Pid | Tid): ChildState {
    // Stops of traced threads are told without being asked for, those of other children (SIGSTOP) are not.
    const options = WEXITED | WNOWAIT | WALL | WNOHANG;
    const information = this.#information;
    if (this.#libc.waitid(P_PID, id, information, options) !== 0) return "failed";
    if (information[SI_PID] === 0) return "running";
    const code = information[SI_CODE] ?? 0;
    return code >= CLD_EXITED && code <= CLD_DUMPED ? "ended" : "stopped";
  }

  /** Reaps a thread that has ended: the rest of its process waits for that, and so does the process's parent. */
  reap(tid: Tid): void {
    this.#libc.waitpid(tid, null, WNOHANG | WALL);
  }

  /** What the last one that stopped has stopped with: a signal, and above its eight bits an event of ptrace. */
  get stopStatus(): number {
    return this.#information[SI_STATUS] ?? 0;
  }
}
