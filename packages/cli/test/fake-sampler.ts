import { constants } from "node:os";
import type {
  ExitStatus,
  LaunchedSampler,
  PythonDescription,
  SampleBatch,
  SampleCounters,
  SamplerEnd,
} from "@pyspy/stack-sampler";

export const python: PythonDescription = {
  version: "3.11.7",
  executable: "/usr/bin/python3.11",
  freeThreaded: false,
};

/** A sampler that a test tells what to do, and that remembers what it was told. */
export class FakeSampler implements LaunchedSampler {
  readonly pid = 1234;
  readonly python: Promise<PythonDescription | undefined>;
  readonly end: Promise<SamplerEnd>;
  readonly exit: Promise<ExitStatus>;
  /** "stop", "SIGTERM", "dispose", in the order in which they came. */
  readonly orders: string[] = [];
  readonly #batches: SampleBatch[] = [];
  readonly #onStop: ((sampler: FakeSampler) => void) | undefined;
  #hasEnded = false;
  #wake: () => void = () => {};
  #resolveEnd: (end: SamplerEnd) => void = () => {};
  #resolveExit: (status: ExitStatus) => void = () => {};

  constructor(options: {
    readonly python: PythonDescription | undefined;
    readonly onStop?: (sampler: FakeSampler) => void;
  }) {
    this.python = Promise.resolve(options.python);
    this.#onStop = options.onStop;
    this.end = new Promise((resolve) => {
      this.#resolveEnd = resolve;
    });
    this.exit = new Promise((resolve) => {
      this.#resolveExit = resolve;
    });
  }

  /** `samples` stacks of one function, and what came of the rest. */
  take(samples: number, counters: Partial<SampleCounters> = {}): this {
    const first = this.#batches.length === 0;
    this.#batches.push(batchOf(samples, counters, first));
    this.#wake();
    return this;
  }

  finish(end: Partial<SamplerEnd> = {}): this {
    this.#hasEnded = true;
    this.#resolveEnd({
      reason: "exited",
      seconds: 2,
      paused: 0,
      statistics: undefined,
      python,
      pythons: 1,
      others: [],
      problem: undefined,
      ...end,
    });
    this.#wake();
    return this;
  }

  exited(code: number): this {
    this.#resolveExit({ code, signal: undefined, signalNumber: undefined });
    return this;
  }

  died(signal: NodeJS.Signals): this {
    this.#resolveExit({ code: undefined, signal, signalNumber: constants.signals[signal] });
    return this;
  }

  stop(): void {
    this.orders.push("stop");
    this.#onStop?.(this);
  }

  pause(): void {
    this.orders.push("pause");
  }

  resume(): void {
    this.orders.push("resume");
  }

  kill(signal: NodeJS.Signals): void {
    this.orders.push(signal);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<SampleBatch> {
    while (true) {
      const batch = this.#batches.shift();
      if (batch) yield batch;
      else if (this.#hasEnded) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.orders.push("dispose");
  }
}

function batchOf(samples: number, counters: Partial<SampleCounters>, first: boolean): SampleBatch {
  const column = (...values: number[]): Int32Array => Int32Array.from(first ? values : []);
  return {
    functions: first
      ? [{ name: "work", qualname: "work", file: "/app.py", module: "app", firstLine: 3, kind: "python" }]
      : [],
    frames: {
      function: column(0),
      line: column(4),
      column: column(0),
      endLine: column(0),
      endColumn: column(0),
    },
    nodes: { parent: column(-1), frame: column(0) },
    processes: first ? [{ pid: 1234, startTime: 1, commandLine: ["python3", "app.py"], parent: -1 }] : [],
    threads: first ? [{ process: 0, tid: 1234, pythonId: 1, name: "MainThread", interpreter: 0 }] : [],
    samples: {
      time: new Float64Array(samples),
      thread: new Int32Array(samples),
      node: new Int32Array(samples),
      state: new Uint8Array(samples).fill(1),
      cpu: new Float64Array(samples).fill(-1),
    },
    counters: {
      scheduled: samples,
      taken: samples,
      missed: 0,
      attempted: samples,
      good: samples,
      torn: 0,
      unreadable: 0,
      ...counters,
    },
  };
}
