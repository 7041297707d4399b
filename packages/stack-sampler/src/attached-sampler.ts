import { exitSentence, type LiveProcess, openProcess, openThreadStopper, type Tid } from "@pyspy/proc-memory";
import { BatchBuilder } from "./intern/batch-builder.js";
import { monotonicTime } from "./monotonic-time.js";
import { StackReader } from "./python/stack-reader.js";
import { choiceOf } from "./python/thread-choice.js";
import type { SampleBatch } from "./sample-batch.js";
import type { AttachedSampler, PythonDescription, SamplerEnd, SamplerOptions } from "./sampler.js";
import { SamplerError, type SamplerErrorCode } from "./sampler-error.js";
import { samplerErrorOf } from "./sampler-error-of.js";
import { checkOptions } from "./sampler-options.js";
import { whileStopped } from "./threads/while-stopped.js";
import { UNSAMPLED } from "./worker/protocol.js";
import { attachedPythons, describePython } from "./worker/python-wait.js";
import { DEFAULT_RATE, DEFAULT_START_TIMEOUT, WorkerSampler } from "./worker-sampler.js";

/**
 * Attaches to a running process.
 *
 * Rejects with {@link SamplerError} if there is nothing to sample: `no-such-process`, `permission-denied`, `not-python`,
 * `unsupported-python`, `not-started`, `finalized`, `exited`, `unsupported-platform`, `invalid-option`.
 *
 * ```ts
 * await using sampler = await attach(1234, { duration: 10 });
 * for await (const batch of sampler) console.log(batch.samples.time.length, "stacks");
 * ```
 */
export async function attach(pid: number, options: SamplerOptions = {}): Promise<AttachedSampler> {
  checkOptions(options);
  let process: LiveProcess | undefined;
  try {
    process = openProcess(pid);
    const { startTimeout = DEFAULT_START_TIMEOUT, duration } = options;
    const runtimes = await attachedPythons(process, { startTimeout, duration }, options.signal);
    const builder = new BatchBuilder();
    const { startTime, commandLine } = process;
    const record = builder.addProcess({ pid, startTime, commandLine, parent: -1 });
    const { idle = false, tasks = false, rate = DEFAULT_RATE } = options;
    const stop = options.blocking ? stopping(pid) : undefined;
    // Few want tasks, and those who do not need not load what reads them.
    const { taskSamples } = tasks ? await import("./tasks/task-samples.js") : {};
    const choice = choiceOf(options);
    const opened = process;
    const readers = runtimes.map((runtime) => {
      const onTaken = taskSamples?.(opened, runtime, builder, { record, idle });
      return new StackReader(opened, runtime, builder, record, { idle, choice, rate, stop, onTaken });
    });
    return new LazySampler(process, describePython(process, runtimes[0]), builder, readers, options);
  } catch (error) {
    process?.close();
    throw samplerErrorOf(error);
  }
}

/** Stops threads on the thread that asks for a sample. */
function stopping(pid: number): (tids: readonly Tid[], read: () => void) => void {
  return (tids, read) => {
    using stopper = openThreadStopper(pid);
    whileStopped(stopper, tids, read);
  };
}

/** Looks itself as long as single samples are wanted, and starts a worker for the stream of them. */
class LazySampler implements AttachedSampler {
  readonly pid: number;
  readonly python: Promise<PythonDescription>;
  readonly #description: PythonDescription;
  readonly #process: LiveProcess;
  readonly #builder: BatchBuilder;
  readonly #readers: readonly StackReader[];
  readonly #options: SamplerOptions;
  readonly #start = monotonicTime();
  #worker: WorkerSampler | undefined;
  #isStopped = false;
  #isPaused = false;

  constructor(
    process: LiveProcess,
    python: PythonDescription,
    builder: BatchBuilder,
    readers: readonly StackReader[],
    options: SamplerOptions,
  ) {
    this.pid = process.pid;
    this.python = Promise.resolve(python);
    this.#description = python;
    this.#process = process;
    this.#builder = builder;
    this.#readers = readers;
    this.#options = options;
  }

  sample(): SampleBatch {
    if (this.#isOver) {
      throw new SamplerError("closed", `Cannot sample process ${this.pid}: sampling was ended`, {
        pid: this.pid,
      });
    }
    const { counters } = this.#builder;
    counters.scheduled += 1;
    counters.taken += 1;
    const now = monotonicTime();
    const time = (now - this.#start) * 1e6;
    if (this.#options.resident) this.#builder.resident = this.#process.residentBytes() ?? -1;
    let isThere = false;
    for (const reader of this.#readers) isThere = reader.sample(time, now) || isThere;
    if (!isThere) {
      const reason = this.#process.isAlive()
        ? "the Python that was attached to is not in it any more"
        : exitSentence(this.#process.exitStatus());
      throw new SamplerError("exited", `Cannot sample process ${this.pid}: ${reason}`, { pid: this.pid });
    }
    return this.#builder.take();
  }

  get end(): Promise<SamplerEnd> {
    const worker = this.#stream();
    return worker === undefined ? Promise.resolve(this.#stoppedEnd()) : this.#endOf(worker);
  }

  stop(): void {
    this.#isStopped = true;
    this.#worker?.stop();
  }

  pause(): void {
    this.#isPaused = true;
    this.#worker?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#worker?.resume();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<SampleBatch> {
    yield* this.#stream() ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    for (const reader of this.#readers) reader.close();
    this.#process.close();
    await this.#worker?.[Symbol.asyncDispose]();
  }

  get #isOver(): boolean {
    return this.#isStopped || this.#options.signal?.aborted === true;
  }

  /** Started when it is first asked for, unless there is to be no sampling any more. */
  #stream(): WorkerSampler | undefined {
    if (this.#worker === undefined && !this.#isOver) {
      const { pid, startTime } = this.#process;
      this.#worker = new WorkerSampler({ kind: "attach", pid, startTime }, this.#options);
      if (this.#isPaused) this.#worker.pause();
    }
    return this.#worker;
  }

  /** A process in which the worker finds no Python any more has ended since it was attached to. */
  async #endOf(worker: WorkerSampler): Promise<SamplerEnd> {
    const end = await worker.end;
    const isGone = end.python === undefined && end.problem !== undefined && isEnd(end.problem.code);
    return isGone ? { ...end, reason: "exited", python: this.#description, problem: undefined } : end;
  }

  #stoppedEnd(): SamplerEnd {
    return {
      ...UNSAMPLED,
      reason: "stopped",
      python: this.#description,
      problem: undefined,
    };
  }
}

function isEnd(code: SamplerErrorCode): boolean {
  return code === "no-such-process" || code === "exited";
}
