import { Float64Column } from "../float64-column.js";
import { Int32Column } from "../int32-column.js";
import { PairTable } from "../pair-table.js";
import type { Profile, ProfileMetadata } from "../profile.js";
import { ProfileBuilder } from "../profile-builder.js";
import type {
  FrameId,
  FunctionRecord,
  Nanoseconds,
  NodeId,
  ProcessRecord,
  SampleBatch,
  ThreadId,
  ThreadRecord,
} from "../sample-batch.js";
import { NOTHING_COUNTED } from "../sample-counters.js";

/** A frame as other formats tell of it. */
export interface ImportedFrame {
  readonly name: string;
  /** Default: the name. */
  readonly qualname?: string;
  /** Default "". */
  readonly file?: string;
  /** Where its function begins. Default 0: unknown. */
  readonly firstLine?: number;
  /** Default 0, as the following. */
  readonly line?: number;
  readonly column?: number;
  readonly endLine?: number;
  readonly endColumn?: number;
  /** Default "python". */
  readonly kind?: FunctionRecord["kind"];
}

export interface ImportedSample {
  readonly thread: ThreadId;
  readonly node: NodeId;
  readonly time: Nanoseconds;
  /** Time that it stands for; all samples of a profile have one or none has. */
  readonly span?: Nanoseconds;
  /** Samples that it stands for. Default 1. */
  readonly count?: number;
  /** Default 0. */
  readonly state?: number;
}

/** Makes a profile of what a reader of another format finds, in any order. */
export class ImportBuilder {
  readonly #builder: ProfileBuilder;
  readonly #functions: FunctionRecord[] = [];
  readonly #functionOfKey = new Map<string, number>();
  readonly #frames: ImportedFrame[] = [];
  readonly #functionOfFrame = new Int32Column();
  readonly #frameOfKey = new Map<string, FrameId>();
  readonly #nodes = new PairTable();
  readonly #processes: ProcessRecord[] = [];
  readonly #processOfPid = new Map<number, number>();
  readonly #threads: ThreadRecord[] = [];
  readonly #threadOfKey = new Map<string, ThreadId>();
  /** Where each thread's samples ended so far. */
  readonly #ends: Nanoseconds[] = [];
  #described = { functions: 0, frames: 0, nodes: 0, processes: 0, threads: 0 };
  #samples = noSamples();
  /** Stacks that the samples stand for. */
  #counted = 0;

  constructor(metadata: ProfileMetadata) {
    this.#builder = new ProfileBuilder(metadata);
  }

  process(pid: number, commandLine: readonly string[] = []): number {
    const known = this.#processOfPid.get(pid);
    if (known !== undefined) return known;
    this.#processOfPid.set(pid, this.#processes.length);
    return this.#processes.push({ pid, startTime: 0, commandLine, parent: -1 }) - 1;
  }

  thread(thread: Partial<ThreadRecord> & Pick<ThreadRecord, "process">): ThreadId {
    const record = { tid: 0, pythonId: 0, name: "", interpreter: 0, ...thread };
    const key = JSON.stringify([
      record.process,
      record.tid,
      record.pythonId,
      record.name,
      record.interpreter,
    ]);
    const known = this.#threadOfKey.get(key);
    if (known !== undefined) return known;
    this.#threadOfKey.set(key, this.#threads.length);
    this.#ends.push(0);
    return this.#threads.push(record) - 1;
  }

  frame(frame: ImportedFrame): FrameId {
    const { name, qualname = name, file = "", firstLine = 0, kind = "python", line = 0 } = frame;
    const functionKey = JSON.stringify([name, qualname, file, firstLine, kind]);
    let id = this.#functionOfKey.get(functionKey);
    if (id === undefined) {
      id = this.#functions.push({ name, qualname, file, module: moduleOf(file), firstLine, kind }) - 1;
      this.#functionOfKey.set(functionKey, id);
    }
    const frameKey = [id, line, frame.column ?? 0, frame.endLine ?? 0, frame.endColumn ?? 0].join(",");
    const known = this.#frameOfKey.get(frameKey);
    if (known !== undefined) return known;
    this.#frameOfKey.set(frameKey, this.#frames.length);
    this.#functionOfFrame.push(id);
    return this.#frames.push(frame) - 1;
  }

  node(parent: NodeId, frame: FrameId): NodeId {
    return this.#nodes.intern(parent, frame);
  }

  /** When the next sample of `thread` ends, in formats that do not know: they follow each other. */
  after(thread: ThreadId, span: Nanoseconds): Nanoseconds {
    const end = (this.#ends[thread] ?? 0) + span;
    this.#ends[thread] = end;
    return end;
  }

  sample({ thread, node, time, span, count = 1, state = 0 }: ImportedSample): void {
    const samples = this.#samples;
    samples.time.push(time);
    samples.thread.push(thread);
    samples.node.push(node);
    samples.state.push(state);
    samples.count.push(count);
    if (span !== undefined) samples.span.push(span);
    this.#counted += count;
    if (samples.time.length >= SAMPLES_A_BATCH) this.#flush();
  }

  /** @throws ProfileError if what was found contradicts itself. */
  finish(duration?: Nanoseconds): Profile {
    this.#flush();
    return this.#builder.finish(duration);
  }

  #flush(): void {
    const { functions, frames, nodes, processes, threads } = this.#described;
    const { time, thread, node, state, span, count } = this.#samples;
    const some = this.#frames.slice(frames);
    const column = (amountOf: (frame: ImportedFrame) => number | undefined) =>
      Int32Array.from(some, (frame) => amountOf(frame) ?? 0);
    // Weights that are times can be some and a half samples.
    const stacks = Math.round(this.#counted);
    const batch: SampleBatch = {
      functions: this.#functions.slice(functions),
      frames: {
        function: this.#functionOfFrame.view().subarray(frames),
        line: column((frame) => frame.line),
        column: column((frame) => frame.column),
        endLine: column((frame) => frame.endLine),
        endColumn: column((frame) => frame.endColumn),
      },
      nodes: {
        parent: this.#nodes.firsts().subarray(nodes),
        frame: this.#nodes.seconds().subarray(nodes),
      },
      processes: this.#processes.slice(processes),
      threads: this.#threads.slice(threads),
      samples: {
        time: time.view(),
        thread: thread.view(),
        node: node.view(),
        state: Uint8Array.from(state.view()),
        cpu: new Float64Array(time.length).fill(-1),
        ...(span.length > 0 && { span: span.view() }),
        // Times of their own are told from spans that were measured by the counts beside them.
        ...((span.length > 0 || count.view().some((samples) => samples !== 1)) && { count: count.view() }),
      },
      counters: { ...NOTHING_COUNTED, attempted: stacks, good: stacks },
    };
    this.#builder.add(batch);
    this.#described = {
      functions: this.#functions.length,
      frames: this.#frames.length,
      nodes: this.#nodes.size,
      processes: this.#processes.length,
      threads: this.#threads.length,
    };
    this.#samples = noSamples();
    this.#counted = 0;
  }
}

const SAMPLES_A_BATCH = 65_536;

function noSamples() {
  return {
    time: new Float64Column(),
    thread: new Int32Column(),
    node: new Int32Column(),
    state: new Int32Column(),
    span: new Float64Column(),
    count: new Float64Column(),
  };
}

/** Files of such formats may be shortened already, `flask/app.py`: the module keeps them from being shortened again. */
function moduleOf(file: string): string {
  if (file.startsWith("/") || !file.includes("/")) return "";
  return file.replace(/\.[^./]*$/, "").replaceAll("/", ".");
}
