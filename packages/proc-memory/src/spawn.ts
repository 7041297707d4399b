import type { ExitStatus } from "./exit-status.js";
import { platformTo } from "./platform/platform.js";
import type { Pid } from "./process-view.js";

/** How to start a program. */
export interface SpawnOptions {
  /** The program's whole environment (undefined values are left out); default: this process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where the program starts; a relative program path is looked up from there. Default: here. */
  readonly workingDirectory?: string;
  /** Open files that become its standard input, output and error. Default: those of this process. */
  readonly streams?: readonly [number, number, number];
  /** Who runs it, which takes root. Default: who runs this process. */
  readonly user?: ProgramUser;
}

/** A user with all groups that they are in. */
export interface ProgramUser {
  readonly uid: number;
  readonly gid: number;
  /** To find their groups by. */
  readonly name: string;
}

/** A program that we started. We are its parent: nobody else waits for it. */
export interface SpawnedProcess {
  readonly pid: Pid;
  /** How it ended, or undefined while it runs. Returns at once. Reaps the process; the answer is remembered. */
  poll(): ExitStatus | undefined;
  /**
   * Waits until it ends, blocking this thread, without rest while the process is stopped by a tracer.
   */
  wait(): ExitStatus;
  /**
   * Sends a signal. False if the process has been reaped, or may not be signalled (a set-user-id program). Never
   * hits another process that has got the same id, because ids are not used again before reaping.
   */
  kill(signal: NodeJS.Signals | number): boolean;
}

/**
 * Starts a program with this process's standard streams and default signal handling, without
 * `child_process`: libuv waits for its children itself, which takes away the stops of those that are traced.
 * Every call is synchronous and works in worker threads.
 *
 * `program` is the program and its arguments. Without a slash it is searched for in the PATH of the environment
 * that it gets. The streams are shared, so this process should write to them with `fs.writeSync`:
 * `process.stdout` makes a pipe non-blocking for the program too.
 *
 * The program has begun when this returns, but the kernel may have yet to map it: its first maps can be incomplete.
 *
 * Throws {@link ProcessError}: `program-not-found`, `program-not-executable`, `spawn-failed`,
 * `unsupported-platform`.
 *
 * ```ts
 * const program = spawn(["python3", "-c", "print('hello')"]);
 * const { code, signal } = program.wait();
 * ```
 */
export function spawn(program: readonly string[], options: SpawnOptions = {}): SpawnedProcess {
  return platformTo(`start ${program[0] ?? "a program"}`).spawn(program, options);
}
