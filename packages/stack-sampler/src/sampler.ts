import type { ExitStatus } from "@pyspy/proc-memory";
import type { SampleBatch } from "./sample-batch.js";
import type { SamplerError } from "./sampler-error.js";

export interface SamplerOptions {
  /** Samples a second on average; the times between them are random (exponential). Default 100. */
  readonly rate?: number;
  /** Seconds of wall time after which sampling ends. Default: when the process does. */
  readonly duration?: number;
  /** Keep the stacks of threads that are not running, too. Default false. */
  readonly idle?: boolean;
  /** Seconds to wait for a Python that is still starting. Default 5. */
  readonly startTimeout?: number;
  /** Ends sampling, as {@link Sampler.stop} does. */
  readonly signal?: AbortSignal;
}

export interface LaunchOptions extends SamplerOptions {
  /** Default: the environment of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Default: the working directory of this process. */
  readonly workingDirectory?: string;
}

/** The Python that is sampled. */
export interface PythonDescription {
  /** "3.13.0" */
  readonly version: string;
  readonly executable: string;
}

/** How sampling ended. */
export interface SamplerEnd {
  /**
   * - `exited`: the process ended
   * - `duration`: the time was over
   * - `stopped`: {@link Sampler.stop} or the signal
   * - `failed`: see {@link problem}
   */
  readonly reason: "exited" | "duration" | "stopped" | "failed";
  /** Seconds of wall time from the first point of the schedule to the end. 0 if sampling never began. */
  readonly seconds: number;
  /** The Python found (the last one, if the process has executed another); undefined if none was. */
  readonly python: PythonDescription | undefined;
  /** Why nothing, or nothing more, could be sampled. Also set beside `exited` when the process ended before a Python was found. */
  readonly problem: SamplerError | undefined;
}

/**
 * A process that is being sampled. Iterate over it once to get the batches; what has not been
 * fetched yet waits. Disposing of it ends the sampling; it never ends the process.
 */
export interface Sampler extends AsyncIterable<SampleBatch>, AsyncDisposable {
  readonly pid: number;
  /** Resolves when the first Python is found and sampling begins; undefined if that never happens. */
  readonly python: Promise<PythonDescription | undefined>;
  /** Resolves after the last batch. Never rejects. */
  readonly end: Promise<SamplerEnd>;
  /** Asks for the end. What was sampled so far still arrives. */
  stop(): void;
}

/** A program started by {@link launch}. It goes on after the sampling has ended. */
export interface LaunchedSampler extends Sampler {
  /** Resolves when the program has ended, which may be long after {@link Sampler.end}. */
  readonly exit: Promise<ExitStatus>;
  /** Sends a signal to the program, unless it has ended. */
  kill(signal: NodeJS.Signals): void;
}
