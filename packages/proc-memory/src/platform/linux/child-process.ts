import { constants } from "node:os";
import type { ExitStatus } from "../../exit-status.js";
import { ProcessError } from "../../process-error.js";
import type { Pid } from "../../process-view.js";
import type { SpawnedProcess } from "../../spawn.js";
import { ChildStates } from "./child-state.js";
import type { Libc } from "./libc.js";
import { exitStatusOf } from "./wait-status.js";

const WNOHANG = 1;

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
    this.#status ??= this.#wait(WNOHANG);
    return this.#status;
  }

  wait(): ExitStatus {
    // More than one round only while it is traced and stands still.
    while (this.#status === undefined) this.#status = this.#wait(0);
    return this.#status;
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

  #wait(options: number): ExitStatus | undefined {
    for (;;) {
      const state = this.#states.look(this.pid, options);
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
