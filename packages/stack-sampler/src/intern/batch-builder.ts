import type {
  FrameId,
  FunctionId,
  FunctionRecord,
  Nanoseconds,
  NodeId,
  ProcessId,
  ProcessRecord,
  SampleBatch,
  ThreadId,
  ThreadRecord,
} from "../sample-batch.js";
import { GrowableColumn } from "./growable-column.js";
import { StackTrie } from "./stack-trie.js";

/** When so much has been described, ids start over: a table of nodes takes 24 bytes for each, here and at whoever listens. */
const MOST_NODES = 1 << 19;
const MOST_FRAMES = 1 << 18;
const MOST_THREADS = 1 << 16;

/** Collects descriptions and samples, and hands them out as the batches of one stream. */
export class BatchBuilder {
  /** Another number when the ids that were given have ended; those of processes are given again. */
  epoch = 0;
  /** Bytes of the process that is sampled now, for its samples; undefined, for good, if that is not asked for. */
  resident: number | undefined;
  #trie = new StackTrie();
  readonly #named = new Map<string, FrameId>();
  #functionCount = 0;
  #frameCount = 0;
  readonly #allProcesses: ProcessRecord[] = [];
  #threadCount = 0;
  #startsOver = false;
  #functions: FunctionRecord[] = [];
  #processes: ProcessRecord[] = [];
  #threads: ThreadRecord[] = [];
  readonly #frames = {
    function: new GrowableColumn(new Int32Array(64)),
    line: new GrowableColumn(new Int32Array(64)),
    column: new GrowableColumn(new Int32Array(64)),
    endLine: new GrowableColumn(new Int32Array(64)),
    endColumn: new GrowableColumn(new Int32Array(64)),
  };
  readonly #nodes = {
    parent: new GrowableColumn(new Int32Array(256)),
    frame: new GrowableColumn(new Int32Array(256)),
  };
  readonly #samples = {
    time: new GrowableColumn(new Float64Array(256)),
    thread: new GrowableColumn(new Int32Array(256)),
    node: new GrowableColumn(new Int32Array(256)),
    state: new GrowableColumn(new Uint8Array(256)),
    cpu: new GrowableColumn(new Float64Array(256)),
    resident: new GrowableColumn(new Float64Array(256)),
  };
  /** What the next batch will say was tried; the sampling loop counts here. */
  readonly counters = { scheduled: 0, taken: 0, missed: 0, attempted: 0, good: 0, torn: 0, unreadable: 0 };

  /** Samples waiting for the next batch. */
  get pendingSamples(): number {
    return this.#samples.time.length;
  }

  addFunction(record: FunctionRecord): FunctionId {
    this.#functions.push(record);
    return this.#functionCount++;
  }

  addFrame(of: FunctionId, line: number, column: number, endLine: number, endColumn: number): FrameId {
    this.#frames.function.push(of);
    this.#frames.line.push(line);
    this.#frames.column.push(column);
    this.#frames.endLine.push(endLine);
    this.#frames.endColumn.push(endColumn);
    return this.#frameCount++;
  }

  /** The frame of something that is no function, by its name; described when it is new. */
  namedFrame(name: string, kind: FunctionRecord["kind"]): FrameId {
    let frame = this.#named.get(name);
    if (frame === undefined) {
      const record: FunctionRecord = { name, qualname: name, file: "", module: "", firstLine: 0, kind };
      frame = this.addFrame(this.addFunction(record), 0, 0, 0, 0);
      this.#named.set(name, frame);
    }
    return frame;
  }

  addProcess(record: ProcessRecord): ProcessId {
    this.#processes.push(record);
    return this.#allProcesses.push(record) - 1;
  }

  addThread(record: ThreadRecord): ThreadId {
    this.#threads.push(record);
    return this.#threadCount++;
  }

  /** The stack in which the stack `parent` called `frame`; described when it is new. */
  node(parent: NodeId, frame: FrameId): NodeId {
    const known = this.#trie.size;
    const node = this.#trie.node(parent, frame);
    if (node === known) {
      this.#nodes.parent.push(parent);
      this.#nodes.frame.push(frame);
    }
    return node;
  }

  addSample(time: Nanoseconds, thread: ThreadId, node: NodeId, state: number, cpu: Nanoseconds): void {
    this.#samples.time.push(time);
    this.#samples.thread.push(thread);
    this.#samples.node.push(node);
    this.#samples.state.push(state);
    this.#samples.cpu.push(cpu);
    if (this.resident !== undefined) this.#samples.resident.push(this.resident);
  }

  /** Gives a pending sample, by its number, another stack. */
  showAs(sample: number, node: NodeId): void {
    this.#samples.node.set(sample, node);
  }

  /** Everything since the last call. */
  take(): SampleBatch {
    const { counters } = this;
    const batch: SampleBatch = {
      functions: this.#functions,
      frames: {
        function: this.#frames.function.take(),
        line: this.#frames.line.take(),
        column: this.#frames.column.take(),
        endLine: this.#frames.endLine.take(),
        endColumn: this.#frames.endColumn.take(),
      },
      nodes: { parent: this.#nodes.parent.take(), frame: this.#nodes.frame.take() },
      processes: this.#processes,
      threads: this.#threads,
      samples: {
        time: this.#samples.time.take(),
        thread: this.#samples.thread.take(),
        node: this.#samples.node.take(),
        state: this.#samples.state.take(),
        cpu: this.#samples.cpu.take(),
        ...(this.resident !== undefined && { resident: this.#samples.resident.take() }),
      },
      counters: { ...counters },
      ...(this.#startsOver && { reset: true }),
    };
    this.#startsOver = false;
    this.#functions = [];
    this.#processes = [];
    this.#threads = [];
    for (const name of Object.keys(counters) as (keyof typeof counters)[]) counters[name] = 0;
    const isFull =
      this.#trie.size > MOST_NODES || this.#frameCount > MOST_FRAMES || this.#threadCount > MOST_THREADS;
    if (isFull) this.#startOver();
    return batch;
  }

  #startOver(): void {
    this.epoch += 1;
    this.#startsOver = true;
    this.#trie = new StackTrie();
    this.#named.clear();
    this.#functionCount = 0;
    this.#frameCount = 0;
    this.#threadCount = 0;
    this.#processes = [...this.#allProcesses];
  }
}
