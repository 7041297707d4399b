import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import type { ExitStatus } from "../../exit-status.js";
import { ProcessError } from "../../process-error.js";
import type { Pid } from "../../process-view.js";
import type { SpawnedProcess } from "../../spawn.js";
import { ChildStates } from "./child-state.js";
import type { Libc } from "./libc.js";
import { exitStatusOf } from "./wait-status.js";

const POLL_MILLISECONDS = 2;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** A child of this process, not yet waited for. */
export class ChildProcess implements SpawnedProcess {
  readonly pid: Pid;
  readonly #libc: Pick<Libc, "waitid" | "waitpid" | "errno">;
  readonly #states: ChildStates;
  readonly #waitStatus = new Int32Array(1);
  #status: ExitStatus | undefined;

  constructor(system: Pick<Libc, "waitid" | "waitpid" | "errno">, pid: Pid) {
    this.pid = pid;
    this.#libc = system;
    this.#states = new ChildStates(system);
  }

  poll(): ExitStatus | undefined {
    this.#status ??= this.#look();
    if (this.#status === undefined) this.#letThreadsEnd();
    return this.#status;
  }

  wait(): ExitStatus {
    for (;;) {
      const status = this.poll();
      if (status !== undefined) return status;
      Atomics.wait(PAUSE, 0, 0, POLL_MILLISECONDS);
    }
  }

  kill(signal: NodeJS.Signals | number): boolean {
    if (this.#status !== undefined) return false;
    try {
      process.kill(this.pid, signal);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * A process whose threads we have traced ends only when their ends have been taken notice of, too: those of threads that ended
   * while they were to be stopped.
   */
  #letThreadsEnd(): void {
    try {
      const directory = `/proc/${this.pid}`;
      if (!/\) Z /.test(readFileSync(`${directory}/stat`, "latin1"))) return;
      for (const tid of readdirSync(`${directory}/task`).map(Number)) {
        if (tid !== this.pid && this.#states.look(tid) === "ended") this.#states.reap(tid);
      }
    } catch {
      // It has ended just now.
    }
  }

  #look(): ExitStatus | undefined {
    for (;;) {
      const state = this.#states.look(this.pid);
      if (state === "running" || state === "stopped") return undefined;
      if (state === "ended" && this.#libc.waitpid(this.pid, this.#waitStatus, 0) === this.pid) {
        return exitStatusOf(this.#waitStatus[0] ?? 0);
      }
      if (this.#libc.errno() === constants.errno.EINTR) continue;
      const message = `Cannot wait for process ${this.pid}: it is no child of this process, or no longer`;
      throw new ProcessError("no-such-process", message, { pid: this.pid });
    }
  }
}
