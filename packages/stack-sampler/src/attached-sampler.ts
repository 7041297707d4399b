import { type LiveProcess, openProcess } from "@pyspy/proc-memory";
import { RuntimeFinder } from "./discovery/runtime-finder.js";
import { BatchBuilder } from "./intern/batch-builder.js";
import { StackReader } from "./python/stack-reader.js";
import type { SampleBatch } from "./sample-batch.js";
import type { AttachedSampler, PythonDescription, SamplerEnd, SamplerOptions } from "./sampler.js";
import { SamplerError } from "./sampler-error.js";
import { samplerErrorOf } from "./sampler-error-of.js";
import { endedTooSoon } from "./worker/ended-too-soon.js";
import { attachPatience, describePython, waitForPython } from "./worker/python-wait.js";
import { DEFAULT_RATE, DEFAULT_START_TIMEOUT, WorkerSampler } from "./worker-sampler.js";

/**
 * Attaches to a running process.
 *
 * Rejects with {@link SamplerError} if there is nothing to sample: `no-such-process`, `permission-denied`, `not-python`,
 * `unsupported-python`, `not-started`, `exited`, `unsupported-platform`.
 *
 * ```ts
 * await using sampler = await attach(1234, { duration: 10 });
 * for await (const batch of sampler) console.log(batch.samples.time.length, "stacks");
 * ```
 */
export async function attach(pid: number, options: SamplerOptions = {}): Promise<AttachedSampler> {
  let process: LiveProcess | undefined;
  try {
    process = openProcess(pid);
    const finder = new RuntimeFinder(process);
    const patience = attachPatience(options.startTimeout ?? DEFAULT_START_TIMEOUT);
    const runtimes = await waitForPython(process, finder, patience, async (milliseconds) => {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      return options.signal?.aborted !== true;
    });
    const [first] = runtimes ?? [];
    if (runtimes === undefined || first === undefined)
      throw endedTooSoon({ kind: "attach", pid }, options.signal?.aborted ? "stopped" : "exited");
    const builder = new BatchBuilder();
    const { startTime, commandLine } = process;
    const record = builder.addProcess({ pid, startTime, commandLine, parent: -1 });
    const { idle = false, rate = DEFAULT_RATE } = options;
    const readers = runtimes.map(
      (runtime) => new StackReader(process as LiveProcess, runtime, builder, record, { idle, rate }),
    );
    return new LazySampler(process, describePython(process, first), builder, readers, options);
  } catch (error) {
    process?.close();
    throw samplerErrorOf(error);
  }
}

/** Looks itself as long as single samples are wanted, and starts a worker for the stream of them. */
class LazySampler implements AttachedSampler {
  readonly pid: number;
  readonly python: Promise<PythonDescription>;
  readonly #process: LiveProcess;
  readonly #builder: BatchBuilder;
  readonly #readers: readonly StackReader[];
  readonly #options: SamplerOptions;
  readonly #start = performance.now();
  #worker: WorkerSampler | undefined;

  constructor(
    process: LiveProcess,
    python: PythonDescription,
    builder: BatchBuilder,
    readers: readonly StackReader[],
    options: SamplerOptions,
  ) {
    this.pid = process.pid;
    this.python = Promise.resolve(python);
    this.#process = process;
    this.#builder = builder;
    this.#readers = readers;
    this.#options = options;
  }

  sample(): SampleBatch {
    const { counters } = this.#builder;
    counters.scheduled += 1;
    counters.taken += 1;
    const time = (performance.now() - this.#start) * 1e6;
    let isThere = false;
    for (const reader of this.#readers) isThere = reader.sample(time) || isThere;
    if (!isThere) {
      const message = this.#process.isAlive()
        ? `Process ${this.pid} runs no Python any more`
        : `Process ${this.pid} has exited`;
      throw new SamplerError("exited", message, { pid: this.pid });
    }
    return this.#builder.take();
  }

  get end(): Promise<SamplerEnd> {
    return this.#stream.end;
  }

  stop(): void {
    this.#stream.stop();
  }

  [Symbol.asyncIterator](): AsyncIterator<SampleBatch> {
    return this.#stream[Symbol.asyncIterator]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const reader of this.#readers) reader.close();
    this.#process.close();
    await this.#worker?.[Symbol.asyncDispose]();
  }

  get #stream(): WorkerSampler {
    this.#worker ??= new WorkerSampler({ kind: "attach", pid: this.pid }, this.#options);
    return this.#worker;
  }
}
