import { constants } from "node:os";
import type { Worker } from "node:worker_threads";
import type { ExitStatus } from "@pyspy/proc-memory";
import { choiceOf } from "./python/thread-choice.js";
import type { SampleBatch } from "./sample-batch.js";
import type {
  LaunchedSampler,
  LaunchOptions,
  PythonDescription,
  Sampler,
  SamplerEnd,
  SamplerOptions,
} from "./sampler.js";
import { SamplerError } from "./sampler-error.js";
import { checkOptions, checkProgram } from "./sampler-options.js";
import { ControlBlock } from "./worker/control-block.js";
import {
  type AttachOrder,
  errorOf,
  type LaunchOrder,
  type SessionMessage,
  type SessionOrder,
  UNSAMPLED,
} from "./worker/protocol.js";

export const DEFAULT_RATE = 100;
export const DEFAULT_START_TIMEOUT = 5;

/**
 * Starts a program, with the standard streams of this process, and samples it as soon as there is a Python in it. `program` is
 * the program and its arguments.
 *
 * Rejects with {@link SamplerError} if it cannot be started: `program-not-found`, `program-not-executable`,
 * `spawn-failed`, `unsupported-platform`, `invalid-option`. If no Python was ever found, {@link Sampler.end} says so.
 *
 * ```ts
 * await using sampler = await launch(["python3", "program.py"]);
 * for await (const batch of sampler) console.log(batch.samples.time.length, "stacks");
 * console.log(await sampler.exit);
 * ```
 */
export async function launch(
  program: readonly string[],
  options: LaunchOptions = {},
): Promise<LaunchedSampler> {
  checkProgram(program);
  checkOptions(options);
  const { environment, workingDirectory, streams, user } = options;
  const order = { kind: "launch", program, environment, workingDirectory, streams, user } as const;
  const sampler = new WorkerSampler(order, options);
  await sampler.launched;
  return sampler;
}

/** Samples in a worker thread. */
export class WorkerSampler implements LaunchedSampler {
  readonly #control = new ControlBlock();
  readonly #worker: Worker;
  readonly #batches: SampleBatch[] = [];
  #over = false;
  #wake: () => void = () => {};
  #pid: number;

  readonly #launched = deferred<void>();
  readonly #python = deferred<PythonDescription | undefined>();
  readonly #end = deferred<SamplerEnd>();
  readonly #exit = deferred<ExitStatus>();
  readonly #finished = deferred<void>();
  readonly python = this.#python.promise;
  readonly end = this.#end.promise;
  readonly exit = this.#exit.promise;

  constructor(target: AttachOrder | LaunchOrder, options: SamplerOptions) {
    const order: SessionOrder = {
      control: this.#control.buffer,
      target,
      rate: options.rate ?? DEFAULT_RATE,
      delay: options.delay ?? 0,
      duration: options.duration,
      subprocesses: options.subprocesses ?? false,
      idle: options.idle ?? false,
      choice: choiceOf(options),
      tasks: options.tasks ?? false,
      resident: options.resident ?? false,
      blocking: options.blocking ?? false,
      stopBudget: options.stopBudget,
      startTimeout: options.startTimeout ?? DEFAULT_START_TIMEOUT,
    };
    this.#pid = target.kind === "attach" ? target.pid : 0;
    // Loaded here, because whoever takes single samples needs none.
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), {
      workerData: order,
      // Next to nothing lives longer than a sample: more room only lets more of it get old, 40 MiB where there are many tasks.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
      // A worker inherits the options of `node --input-type=module -e …`, with which Node refuses to start a file.
      ...(process.execArgv.some((option) => option.startsWith("--input-type")) && { execArgv: [] }),
      // Otherwise Node pipes them into its own, which makes those non-blocking for the program that shares them.
      stdout: true,
      stderr: true,
    });
    this.#worker.on("message", (message: SessionMessage) => this.#hear(message));
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#leave());
    const { signal } = options;
    if (signal?.aborted) this.stop();
    const stop = () => this.stop();
    signal?.addEventListener("abort", stop, { once: true });
    // A signal may live longer than many samplers.
    void this.end.then(() => signal?.removeEventListener("abort", stop));
  }

  get pid(): number {
    return this.#pid;
  }

  /** Resolves when the program has been started; rejects if it cannot be. */
  get launched(): Promise<void> {
    return this.#launched.promise;
  }

  stop(): void {
    this.#control.requestStop();
  }

  pause(): void {
    this.#control.setPaused(true);
  }

  resume(): void {
    this.#control.setPaused(false);
  }

  kill(signal: NodeJS.Signals): void {
    this.#control.requestSignal(constants.signals[signal]);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<SampleBatch> {
    for (;;) {
      const batch = this.#batches.shift();
      if (batch !== undefined) yield batch;
      else if (this.#over) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.end;
    await this.#worker.terminate();
    await this.#finished.promise;
  }

  #hear(message: SessionMessage): void {
    switch (message.type) {
      case "launched":
        this.#pid = message.pid;
        this.#launched.resolve();
        break;
      case "python":
        this.#python.resolve(message.python);
        break;
      case "batch":
        this.#batches.push(message.batch);
        this.#wake();
        break;
      case "end": {
        const { problem } = message.end;
        this.#finish({ ...message.end, problem: problem && errorOf(problem) });
        break;
      }
      case "exit":
        this.#exit.resolve(message.status);
        break;
    }
  }

  #fail(cause: unknown): void {
    const problem = new SamplerError("internal", `Cannot go on sampling: ${String(cause)}`, { cause });
    this.#finish({
      ...UNSAMPLED,
      reason: "failed",
      python: undefined,
      problem,
    });
    this.#exit.reject(problem);
  }

  #leave(): void {
    this.#exit.reject(
      new SamplerError("internal", "Cannot tell how the program ended: nobody waits for it any more"),
    );
    this.#finished.resolve();
  }

  #finish(end: SamplerEnd): void {
    this.#over = true;
    if (end.problem !== undefined) this.#launched.reject(end.problem);
    this.#python.resolve(undefined);
    this.#end.resolve(end);
    this.#wake();
  }
}

interface Deferred<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(error: Error): void;
}

function deferred<Value>(): Deferred<Value> {
  let settle: Omit<Deferred<Value>, "promise"> | undefined;
  const promise = new Promise<Value>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever awaits it hears of a rejection; nobody has to.
  promise.catch(() => {});
  return { promise, resolve: (value) => settle?.resolve(value), reject: (error) => settle?.reject(error) };
}
