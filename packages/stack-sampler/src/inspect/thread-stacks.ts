import { ABSENT, type Layout } from "@pyspy/cpython-layouts";
import { type Address, type LiveProcess, openThreadStopper, type Tid } from "@pyspy/proc-memory";
import { BatchBuilder } from "../intern/batch-builder.js";
import { ROOT } from "../intern/stack-trie.js";
import { type FrameLocals, type LocalsOptions, LocalsReader } from "../locals/locals-reader.js";
import type { KnownStack } from "../python/known-stack.js";
import type { PythonRuntime } from "../python/python-runtime.js";
import { StackReader } from "../python/stack-reader.js";
import {
  type FunctionRecord,
  type Nanoseconds,
  type NodeId,
  type SampleBatch,
  type SampleCounters,
  SampleState,
  type ThreadId,
  type ThreadRecord,
} from "../sample-batch.js";

/** A place in a function that was running or had called another one. Lines and columns count from 1; 0 is unknown. */
export interface StackFrame {
  readonly function: FunctionRecord;
  /** The function's name with its class, also where only the first argument tells it (up to 3.10). */
  readonly qualname: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** C began to run Python code here, by the frame's own word (up to 3.11), or by that of a frame of C's around it (3.12+). */
  readonly isEntry: boolean;
  readonly isShimEntry: boolean;
  /** Undefined if they were not asked for, and for what is no frame of Python. */
  readonly locals: FrameLocals | undefined;
}

/** A thread and its stack at one moment. */
export interface ThreadStack {
  readonly thread: ThreadRecord;
  /** Bits of {@link SampleState}. */
  readonly state: number;
  /** Innermost first. Empty if the thread runs no Python, or could not be read. */
  readonly frames: readonly StackFrame[];
}

export interface InspectOptions {
  /** Also the variables of frames, with these limits. Default: without. */
  readonly locals?: LocalsOptions | undefined;
  /**
   * Stop the threads that run while they are read, variables too: all of them at one moment. Threads that sleep stay as they
   * are. Default false. Not for cores, which stand still.
   */
  readonly blocking?: boolean;
}

/** The stacks of all threads of a process. */
export interface ThreadStacks {
  /** The main interpreter's before those of others, oldest first. */
  readonly stacks: readonly ThreadStack[];
  readonly counters: SampleCounters;
  /** False if nothing could be read any more: the process has ended, or executed another program. */
  readonly isThere: boolean;
  /** How long threads were stopped; 0 if none was. */
  readonly stopped: Nanoseconds;
}

/** Reads the stacks of all threads once, with all that there is to tell of them. */
export function readThreadStacks(
  process: LiveProcess,
  runtimes: readonly PythonRuntime[],
  { locals, blocking = false }: InspectOptions,
): ThreadStacks {
  const builder = new BatchBuilder();
  const { pid, startTime, commandLine } = process;
  const record = builder.addProcess({ pid, startTime, commandLine, parent: -1 });
  const found = new Map<ThreadId, FoundThread>();
  let isThere = false;
  let stopped = 0;
  for (const runtime of runtimes) {
    const variables = new LocalsReader(process.memory, runtime.layout, locals);
    const findDetails = (): void => {
      for (const { record: thread, track } of reader.threads()) {
        const detail = new FrameDetails(process, runtime.layout, track.known, variables);
        if (locals !== undefined) detail.readLocals();
        found.set(thread, { detail, isActive: track.isActive });
      }
    };
    const stop = (tids: readonly Tid[], read: () => void): void => {
      using stopper = openThreadStopper(pid);
      try {
        stopper.stop(tids);
        read();
        findDetails();
      } finally {
        stopped += stopper.resume();
      }
    };
    const options = { idle: true, rate: 1, ...(blocking && { stop }) };
    const reader = new StackReader(process, runtime, builder, record, options);
    isThere = reader.sample(0) || isThere;
    if (!blocking) findDetails();
    reader.close();
  }
  const batch = builder.take();
  const stacks = describe(batch, found);
  return {
    stacks: stacks.toSorted((a, b) => Number(a.thread.interpreter > 0) - Number(b.thread.interpreter > 0)),
    counters: batch.counters,
    isThere,
    stopped,
  };
}

interface FoundThread {
  readonly detail: FrameDetails;
  readonly isActive: boolean;
}

function describe(batch: SampleBatch, found: ReadonlyMap<ThreadId, FoundThread>): ThreadStack[] {
  const { nodes, threads, samples } = batch;
  const rows = new Map([...samples.thread].map((thread, row) => [thread, row]));
  return [...found].flatMap(([id, { detail, isActive }]): ThreadStack[] => {
    const thread = threads[id];
    if (thread === undefined) return [];
    const row = rows.get(id);
    if (row === undefined) return [{ thread, state: isActive ? SampleState.active : 0, frames: [] }];
    const frames: StackFrame[] = [];
    for (let node = samples.node[row] ?? ROOT; node !== ROOT; node = nodes.parent[node] ?? ROOT) {
      const frame = frameAt(batch, node, detail);
      if (frame !== undefined) frames.push(frame);
    }
    return [{ thread, state: samples.state[row] ?? 0, frames }];
  });
}

function frameAt(
  { functions, frames, nodes }: SampleBatch,
  node: NodeId,
  details: FrameDetails,
): StackFrame | undefined {
  const frame = nodes.frame[node] ?? -1;
  const record = functions[frames.function[frame] ?? -1];
  if (record === undefined) return undefined;
  const [line = 0, column = 0, endLine = 0, endColumn = 0] = [
    frames.line[frame],
    frames.column[frame],
    frames.endLine[frame],
    frames.endColumn[frame],
  ];
  return { function: record, line, column, endLine, endColumn, ...details.of(node, record) };
}

/** What is told of frames beside their places, found by where they are in memory. */
class FrameDetails {
  readonly #process: LiveProcess;
  readonly #layout: Layout;
  readonly #known: KnownStack;
  readonly #variables: LocalsReader;
  readonly #locals = new Map<number, FrameLocals>();
  /** Positions in the stack of the frames that nodes stand for. */
  readonly #positions = new Map<NodeId, number>();

  constructor(process: LiveProcess, layout: Layout, known: KnownStack, variables: LocalsReader) {
    this.#process = process;
    this.#layout = layout;
    this.#known = known;
    this.#variables = variables;
    // A hidden frame has the node of the one that called it.
    for (let position = known.depth - 1; position >= known.omitted; position--) {
      this.#positions.set(known.nodes[position] ?? ROOT, position);
    }
  }

  /** Reads the variables of all frames, which are best read at once: the process may run on. */
  readLocals(): void {
    for (const position of this.#positions.values()) {
      const { frame, code, instruction } = this.#place(position);
      this.#locals.set(position, this.#variables.read(frame, code, instruction));
    }
  }

  of(
    node: NodeId,
    { name, qualname }: FunctionRecord,
  ): Pick<StackFrame, "qualname" | "isEntry" | "isShimEntry" | "locals"> {
    const position = this.#positions.get(node);
    if (position === undefined) {
      return { qualname, isEntry: false, isShimEntry: false, locals: undefined };
    }
    const { frame, code } = this.#place(position);
    const hasQualname = this.#layout.code.co_qualname !== ABSENT;
    const owner = hasQualname ? undefined : this.#variables.classOf(frame, code, name);
    return {
      qualname: owner === undefined ? qualname : `${owner}.${name}`,
      ...this.#entry(position, frame),
      locals: this.#locals.get(position),
    };
  }

  #place(position: number): {
    readonly frame: Address;
    readonly code: Address;
    readonly instruction: number;
  } {
    const { addresses, codes, instructions } = this.#known;
    const [frame = 0, code = 0, instruction = 0] = [
      addresses[position],
      codes[position],
      instructions[position],
    ];
    return { frame, code, instruction };
  }

  #entry(position: number, frame: number): Pick<StackFrame, "isEntry" | "isShimEntry"> {
    const { is_entry, firstForeignOwner } = this.#layout.frame;
    if (firstForeignOwner !== ABSENT) {
      const isShimEntry = position === 0 || this.#known.codes[position - 1] === 0;
      return { isEntry: false, isShimEntry };
    }
    if (is_entry === ABSENT) return { isEntry: true, isShimEntry: false };
    const byte = new Uint8Array(1);
    this.#process.memory.readInto(frame + is_entry, byte);
    return { isEntry: byte[0] === 1, isShimEntry: false };
  }
}
