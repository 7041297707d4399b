import type { Denial, ExitStatus, Pid, ProgramUser } from "@pyspy/proc-memory";
import type { ThreadChoice } from "../python/thread-choice.js";
import type { SampleBatch } from "../sample-batch.js";
import type { PythonDescription, SamplerEnd } from "../sampler.js";
import { SamplerError, type SamplerErrorCode } from "../sampler-error.js";

/** What a worker is started with. */
export interface SessionOrder {
  readonly control: SharedArrayBuffer;
  readonly target: AttachOrder | LaunchOrder;
  readonly rate: number;
  /** Seconds. */
  readonly delay: number;
  /** Seconds; undefined is until the process ends. */
  readonly duration: number | undefined;
  readonly subprocesses: boolean;
  readonly idle: boolean;
  readonly choice: ThreadChoice;
  readonly tasks: boolean;
  readonly resident: boolean;
  readonly blocking: boolean;
  readonly stopBudget: number | undefined;
  /** Seconds. */
  readonly startTimeout: number;
}

export interface AttachOrder {
  readonly kind: "attach";
  readonly pid: Pid;
  /** Of the process that is meant, if one is: its pid may be another one's by now. */
  readonly startTime?: number;
  /** Other processes to sample with it. */
  readonly more?: readonly Pid[];
}

export interface LaunchOrder {
  readonly kind: "launch";
  readonly program: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>> | undefined;
  readonly workingDirectory: string | undefined;
  readonly streams: readonly [number, number, number] | undefined;
  readonly user: ProgramUser | undefined;
}

/** What a worker says, in this order: `launched`, `python`, batches, `end`, `exit`. The first and the last if it launched a program. */
export type SessionMessage =
  | { readonly type: "launched"; readonly pid: Pid }
  | { readonly type: "python"; readonly python: PythonDescription }
  | { readonly type: "batch"; readonly batch: SampleBatch }
  | { readonly type: "end"; readonly end: SessionEnd }
  | { readonly type: "exit"; readonly status: ExitStatus };

/** A {@link SamplerEnd} on its way between threads. */
export type SessionEnd = Omit<SamplerEnd, "problem"> & { readonly problem: Problem | undefined };

/** The end of a sampling that never began, but for why. */
export const UNSAMPLED = { seconds: 0, paused: 0, statistics: undefined, pythons: 0, others: [] } as const;

/** A {@link SamplerError} on its way between threads, where classes do not survive. */
export interface Problem {
  readonly code: SamplerErrorCode;
  readonly message: string;
  readonly pid: number | undefined;
  readonly program: string | undefined;
  readonly executable: string | undefined;
  readonly denial: Denial | undefined;
  /** The stack trace of what caused it, for those who look for the bug. */
  readonly trace: string | undefined;
}

export function problemOf(error: SamplerError): Problem {
  const { code, message, pid, program, executable, denial, cause } = error;
  const trace = cause instanceof Error ? cause.stack : undefined;
  return { code, message, pid, program, executable, denial, trace };
}

export function errorOf({ code, message, trace, ...facts }: Problem): SamplerError {
  const present = Object.entries(facts).filter(([, value]) => value !== undefined);
  return new SamplerError(code, message, {
    ...Object.fromEntries(present),
    ...(trace && { cause: new Error(trace) }),
  });
}
