import { formatVersion } from "@pyspy/cpython-layouts";
import { dateOfStart, type LiveProcess, type MappedFile, openProcess, type Pid } from "@pyspy/proc-memory";
import type { PythonRuntime } from "../python/python-runtime.js";
import { SamplerError } from "../sampler-error.js";
import { samplerErrorOf } from "../sampler-error-of.js";
import { attachedPythons } from "../worker/python-wait.js";
import type { AsyncTask } from "./async-tasks.js";
import {
  type InspectOptions,
  readThreadStacks,
  type ThreadStack,
  type ThreadStacks,
} from "./thread-stacks.js";

/** Seconds that a Python may take to start. */
const START_TIMEOUT = 5;

/** A Python of a process. */
export interface InspectedPython {
  /** "3.13.0" */
  readonly version: string;
  /** Path of the executable or library that it is in. */
  readonly image: string;
}

/** What is to be seen of all threads at one moment. */
export interface Look {
  /** The main interpreter's threads before those of others, oldest first. */
  readonly threads: readonly ThreadStack[];
  /** Tasks of `asyncio` that are not done, if they were asked for. */
  readonly tasks: readonly AsyncTask[];
  /** Why tasks may be missing, a sentence; undefined if none is. */
  readonly taskProblem: string | undefined;
  /** Stacks that could not be read. */
  readonly unreadable: number;
  /** Nanoseconds for which threads were stopped; 0 if none was. */
  readonly stopped: number;
  /** With `blocking`: threads that should have been stopped and could not be, such as those that somebody else traces. */
  readonly unstopped: number;
}

/** A running process that is looked into. */
export interface Inspection extends Disposable {
  readonly pid: Pid;
  /** The process that started it, or took it over; undefined once it is gone. */
  readonly parent: Pid | undefined;
  readonly startedAt: Date;
  readonly executable: string | undefined;
  readonly commandLine: readonly string[];
  /** A signal or a debugger had stopped it when it was opened. */
  readonly isStopped: boolean;
  /** At least one. */
  readonly pythons: readonly InspectedPython[];
  /**
   * Takes the stacks of all threads now.
   *
   * Rejects with {@link SamplerError}: `exited` if the process has ended or executed another program, `permission-denied` if its
   * threads may not be stopped, `closed` after {@link close}.
   */
  look(options?: InspectOptions): Promise<Look>;
  /**
   * Opens a file by its path as the process sees it; undefined if it cannot be had. The caller closes it.
   *
   * @throws {SamplerError} `closed` after {@link close}
   */
  openFile(path: string): MappedFile | undefined;
  close(): void;
}

/**
 * Opens a process to look into it once, or now and then. Nothing is done to the process, and there is no worker.
 *
 * Rejects with {@link SamplerError} if there is nothing to see: `no-such-process`, `permission-denied`, `not-python`,
 * `unsupported-python`, `not-started`, `finalized`, `exited`, `unsupported-platform`.
 *
 * ```ts
 * using inspection = await inspect(1234);
 * const { threads } = await inspection.look({ locals: {} });
 * for (const { thread, frames } of threads) {
 *   console.log(thread.name, frames[0]?.qualname, frames[0]?.locals?.variables);
 * }
 * ```
 */
export async function inspect(pid: Pid): Promise<Inspection> {
  let process: LiveProcess | undefined;
  try {
    process = openProcess(pid);
    return new InspectedProcess(process, await attachedPythons(process, { startTimeout: START_TIMEOUT }));
  } catch (error) {
    process?.close();
    throw samplerErrorOf(error);
  }
}

class InspectedProcess implements Inspection {
  readonly pid: Pid;
  readonly parent: Pid | undefined;
  readonly startedAt: Date;
  readonly executable: string | undefined;
  readonly commandLine: readonly string[];
  readonly isStopped: boolean;
  readonly pythons: readonly InspectedPython[];
  readonly #process: LiveProcess;
  readonly #runtimes: readonly PythonRuntime[];
  #isClosed = false;

  constructor(process: LiveProcess, runtimes: readonly PythonRuntime[]) {
    this.pid = process.pid;
    this.parent = process.parent();
    this.startedAt = dateOfStart(process);
    this.executable = process.executable;
    this.commandLine = process.commandLine;
    const state = process.threadState(process.pid);
    this.isStopped = state === "stopped" || state === "traced";
    this.pythons = runtimes.map(describeInspected);
    this.#process = process;
    this.#runtimes = runtimes;
  }

  async look(options: InspectOptions = {}): Promise<Look> {
    this.#checkOpen();
    const { stacks, isThere, ...rest } = await this.#read(options);
    if (isThere) return { threads: stacks, ...rest };
    const { pid } = this;
    const isAlive = this.#process.isAlive();
    const message = `Process ${pid} ${isAlive ? "runs no Python any more" : "has exited"}`;
    throw new SamplerError("exited", message, { pid });
  }

  /** The id may be another process's by now. */
  #checkOpen(): void {
    const { pid } = this;
    if (this.#isClosed)
      throw new SamplerError("closed", `Cannot look into process ${pid}: it was let go`, { pid });
  }

  async #read(options: InspectOptions): Promise<ThreadStacks> {
    try {
      return await readThreadStacks(this.#process, this.#runtimes, options);
    } catch (error) {
      throw samplerErrorOf(error);
    }
  }

  openFile(path: string): MappedFile | undefined {
    this.#checkOpen();
    return this.#process.openFile(path);
  }

  close(): void {
    this.#isClosed = true;
    this.#process.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

export function describeInspected({ layout, image }: PythonRuntime): InspectedPython {
  return { version: formatVersion(layout.version), image };
}
