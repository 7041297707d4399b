import type { Denial } from "@pyspy/proc-memory";

/** What can keep a process from being sampled. */
export type SamplerErrorCode =
  | "no-such-process"
  | "permission-denied"
  | "not-python"
  | "unsupported-python"
  | "not-started"
  | "finalized"
  | "exited"
  | "program-not-found"
  | "program-not-executable"
  | "spawn-failed"
  | "unsupported-platform"
  | "invalid-option"
  | "closed"
  | "unreadable-core"
  | "not-a-core"
  | "unsupported-core"
  | "incomplete-core"
  | "unusable-file"
  | "internal";

/** The facts of a failure; what to do about it is for the program that shows it. */
export interface SamplerErrorFacts {
  readonly pid?: number;
  readonly program?: string;
  readonly executable?: string;
  /** Why the kernel refuses, for `permission-denied`. */
  readonly denial?: Denial;
  readonly cause?: unknown;
}

/** Says why a process cannot be sampled. Recognise it with {@link isSamplerError}. */
export class SamplerError extends Error {
  override readonly name = "SamplerError";
  readonly code: SamplerErrorCode;
  readonly pid: number | undefined;
  readonly program: string | undefined;
  readonly executable: string | undefined;
  readonly denial: Denial | undefined;

  constructor(code: SamplerErrorCode, message: string, facts: SamplerErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.pid = facts.pid;
    this.program = facts.program;
    this.executable = facts.executable;
    this.denial = facts.denial;
  }
}

/** True for a {@link SamplerError}, also one of another copy of this package. */
export function isSamplerError(value: unknown): value is SamplerError {
  return value instanceof Error && value.name === "SamplerError";
}
