import type { DeniedAction } from "./denial.js";
import type { Pid } from "./process-view.js";

/**
 * Why something could not be done to a process.
 *
 * - `no-such-process`: there is no process of that id (or it has been reaped by someone else); also if it is a thread's
 * - `exited`: it has exited, or is a zombie
 * - `permission-denied`: this user may not look into it
 * - `unsupported-platform`: this operating system or processor is not supported
 * - `program-not-found`, `program-not-executable`: what was to be started is missing, or cannot be run
 * - `spawn-failed`: starting failed for another reason
 * - `system-error`: the operating system failed in a way that has no code here; `cause` has its error
 */
export type ProcessErrorCode =
  | "no-such-process"
  | "exited"
  | "permission-denied"
  | "unsupported-platform"
  | "program-not-found"
  | "program-not-executable"
  | "spawn-failed"
  | "system-error";

/** What a {@link ProcessError} is about. */
export interface ProcessErrorFacts {
  readonly pid?: Pid;
  /** The program that was to be started, as the caller named it. */
  readonly program?: string;
  /** For `permission-denied`, if it is not that the process may not be read: what `explainDenial` can tell the reason of. */
  readonly denied?: DeniedAction;
  readonly cause?: unknown;
}

/** Something could not be done to a process as a whole: opening, listing, starting, waiting. */
export class ProcessError extends Error {
  override readonly name = "ProcessError";
  readonly code: ProcessErrorCode;
  readonly pid: Pid | undefined;
  readonly program: string | undefined;
  readonly denied: DeniedAction | undefined;

  constructor(code: ProcessErrorCode, message: string, facts: ProcessErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.pid = facts.pid;
    this.program = facts.program;
    this.denied = facts.denied;
  }
}
