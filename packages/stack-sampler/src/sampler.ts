import type { ExitStatus, ProgramUser, StopStatistics } from "@pyspy/proc-memory";
import type { NamePatterns } from "./name-patterns.js";
import type { SampleBatch } from "./sample-batch.js";
import type { SamplerError } from "./sampler-error.js";

export interface SamplerOptions {
  /** Samples a second on average; the times between them are random (exponential). Default 100. */
  readonly rate?: number;
  /** Seconds before the first sample, from when there is a Python. Default 0. */
  readonly delay?: number;
  /** Seconds of wall time after which sampling ends, without the delay. Default: when the process does. */
  readonly duration?: number;
  /**
   * Also what the process starts, what that starts, and so on: also when what has started it has ended. Sampling then ends with
   * the last Python. Default false.
   */
  readonly subprocesses?: boolean;
  /** Keep the stacks of threads that are not running, too. Default false. */
  readonly idle?: boolean;
  /** Only the main thread of each process. What is not wanted is not even looked at, as with the next two. Default false. */
  readonly mainThread?: boolean;
  /** Only the thread that holds the GIL. Default false. */
  readonly gilHolder?: boolean;
  /** No threads with such a name. */
  readonly excludeThreads?: NamePatterns;
  /** Tell how much memory of a process is resident with each of its samples. Default false. */
  readonly resident?: boolean;
  /**
   * Show a thread that runs a task of `asyncio` with the task's stack: its chain of coroutines, outside of it that of the task that
   * waits for it, and so on, each under a frame with the task's name. With {@link idle} also each task that waits, as if it
   * were a thread; the same of greenlets and their parents. Default false.
   */
  readonly tasks?: boolean;
  /**
   * Stop the threads that run while their stacks are read, instead of reading them as they run. Default false. Takes the
   * right to trace the process; not for one that `node:child_process` has started.
   */
  readonly blocking?: boolean;
  /** The share of the time that a process may be stopped; beyond it the rate is lowered. Default 0.01. */
  readonly stopBudget?: number;
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
  /** Open files that become its standard input, output and error. Default: those of this process. */
  readonly streams?: readonly [number, number, number];
  /** Who runs it, which takes root. Default: who runs this process. */
  readonly user?: ProgramUser;
}

/** The Python that is sampled. */
export interface PythonDescription {
  /** "3.13.0" */
  readonly version: string;
  readonly executable: string;
  /** Of a build that has no GIL, unless it was turned on. */
  readonly freeThreaded: boolean;
}

/** What the sampling itself took, from its first point on. */
export interface SamplingStatistics {
  /** Points of the schedule that were taken. */
  readonly samples: number;
  /** The same a second. */
  readonly rate: number;
  /** Time for a sample of all threads, nanoseconds; percentiles to within 5 %. */
  readonly duration: { readonly p50: number; readonly p99: number; readonly max: number };
  /** System calls that read the target's memory or looked at its threads, a sample. */
  readonly systemCalls: number;
  /** Bytes of the target's memory read, a sample. */
  readonly bytes: number;
  /** How long the process was stopped, nanoseconds; undefined if it was not. */
  readonly stops: StopStatistics | undefined;
  /** The rate was lowered so that it was stopped for no more than its share of the time. */
  readonly isStopBudgetExceeded: boolean;
  /** How often a thread should have been stopped and ran on: it may not be stopped, because it is traced, or it did not stop in time. */
  readonly unstopped: { readonly refused: number; readonly late: number };
  /** Threads that do not run were looked at in every so many samples; more than 1 only with hundreds of them. */
  readonly turns: number;
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
  /** How many of them it was paused. */
  readonly paused: number;
  /** Undefined if sampling never began. */
  readonly statistics: SamplingStatistics | undefined;
  /** The Python found (the last one, if the process has executed another); undefined if none was. */
  readonly python: PythonDescription | undefined;
  /** How many processes with a Python there were. */
  readonly pythons: number;
  /** Processes that were met, among several or in a tree, and had no Python to be sampled. */
  readonly others: readonly OtherProcess[];
  /** Why nothing, or nothing more, could be sampled. Also set beside `exited` when the process ended before a Python was found. */
  readonly problem: SamplerError | undefined;
}

/** Processes alike that were not sampled. */
export interface OtherProcess {
  /** Of the executable; undefined for those that ended before it was known whether there is a Python in them. */
  readonly name: string | undefined;
  readonly count: number;
  /** What has kept us from it; undefined if there was no Python in it. */
  readonly reason: string | undefined;
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
  /** Takes no samples until {@link resume}. Its points of the schedule do not count, neither as taken nor as missed. */
  pause(): void;
  resume(): void;
}

/** A process that {@link attach} has been given. Nothing runs beside it until it is iterated over, or its {@link Sampler.end} is asked for. */
export interface AttachedSampler extends Sampler {
  /**
   * Takes the stacks of all threads now, on the thread that asks. Batches of several calls are one stream: each tells
   * what is new in it. Takes well under a millisecond, the first call a few.
   *
   * @throws {SamplerError} `exited` if the process has ended or executed another program, `closed` after the end of the sampling
   */
  sample(): SampleBatch;
}

/** A program started by {@link launch}. It goes on after the sampling has ended. */
export interface LaunchedSampler extends Sampler {
  /** Resolves when the program has ended, which may be long after {@link Sampler.end}. */
  readonly exit: Promise<ExitStatus>;
  /** Sends a signal to the program, unless it has ended. */
  kill(signal: NodeJS.Signals): void;
}
