/**
 * The contract between what samples and what draws.
 *
 * A sampler describes each function, frame, stack, process and thread once, and afterwards says only
 * numbers: a frame is an index, a stack is a node (parent, frame) of a trie, a sample is (time,
 * thread, stack, state). Everything is column by column, so that a batch crosses threads and files
 * without an object a sample. Ids count up from 0 in the order of description and continue from
 * batch to batch.
 */

/** Index of a function, in the order in which batches described them. */
export type FunctionId = number;
/** Index of a frame. */
export type FrameId = number;
/** Index of a node of the stack trie; -1 is the empty stack. */
export type NodeId = number;
/** Index of a process. */
export type ProcessId = number;
/** Index of a thread. */
export type ThreadId = number;
/** A time or a span in nanoseconds. */
export type Nanoseconds = number;

export interface FunctionRecord {
  /** The function's own name (`co_name`). */
  readonly name: string;
  /** Name with its classes and enclosing functions (`co_qualname`); `name` where that is not known. */
  readonly qualname: string;
  /** Full path of the file as the program knows it; "" if unknown. */
  readonly file: string;
  /** Import name or library that a short file name is made from; "" if unknown. */
  readonly module: string;
  /** Line where the function starts; 0 if unknown. */
  readonly firstLine: number;
  readonly kind: "python" | "native" | "gc" | "other";
}

/** A place in a function. Lines and columns count from 1; 0 is unknown. Columns are bytes of UTF-8. */
export interface FrameColumns {
  readonly function: Int32Array;
  readonly line: Int32Array;
  readonly column: Int32Array;
  readonly endLine: Int32Array;
  readonly endColumn: Int32Array;
}

/** Stacks as a trie: a node is the frame `frame` called from the stack `parent`; -1 is the root. A parent is described before its children. */
export interface NodeColumns {
  readonly parent: Int32Array;
  readonly frame: Int32Array;
}

export interface ProcessRecord {
  readonly pid: number;
  /** Clock ticks since boot: with the pid it names one process for good. */
  readonly startTime: number;
  readonly commandLine: readonly string[];
  /** The process that started it, if that is one of ours; else -1. */
  readonly parent: ProcessId;
}

export interface ThreadRecord {
  readonly process: ProcessId;
  /** Kernel thread id; 0 if unknown. */
  readonly tid: number;
  /** Python's own id (`threading.get_ident()`); 0 for a thread that Python does not know. */
  readonly pythonId: number;
  /** "" if it has none. */
  readonly name: string;
  /** Id of the interpreter it ran in; 0 is the main one. */
  readonly interpreter: number;
}

/** Bits of {@link SampleColumns.state}. */
export const SampleState = {
  /** The thread was on a processor or ready for one. */
  active: 1,
  /** The thread held the GIL. */
  holdsGil: 2,
  /** The thread was waiting for the GIL. */
  wantsGil: 4,
  /** The interpreter was collecting garbage in this thread. */
  collecting: 8,
  /** The copies of the stack did not agree: it may never have existed as shown. */
  torn: 16,
} as const;

/** One row a thread stack taken. */
export interface SampleColumns {
  /** Nanoseconds since the start of the profile. */
  readonly time: Float64Array;
  readonly thread: Int32Array;
  readonly node: Int32Array;
  /** Bits of {@link SampleState}. */
  readonly state: Uint8Array;
  /** Processor time that the thread has used since its last sample, nanoseconds; -1 if unknown. */
  readonly cpu: Float64Array;
  /** Memory of the thread's process that was resident then, bytes; -1 if unknown. Absent where it was not asked for. */
  readonly resident?: Float64Array;
  /**
   * Time that ends with `time` and in which the thread is taken to have been in the stack, nanoseconds; in rows with a `count`, also
   * what they weigh (see `SampleWeights`). Absent where it is not known; see `SampleSpans` for what is assumed then.
   */
  readonly span?: Float64Array;
  /** How many samples a row stands for; absent if each stands for one. */
  readonly count?: Float64Array;
}

/**
 * What was tried and what came of it, since the last batch. Two units that never mix: points of the schedule
 * (`scheduled = taken + missed`) and thread stacks (`attempted = good + torn + unreadable`).
 */
export interface SampleCounters {
  readonly scheduled: number;
  readonly taken: number;
  readonly missed: number;
  readonly attempted: number;
  readonly good: number;
  readonly torn: number;
  readonly unreadable: number;
}

/** What is new since the last batch. */
export interface SampleBatch {
  readonly functions: readonly FunctionRecord[];
  readonly frames: FrameColumns;
  readonly nodes: NodeColumns;
  readonly processes: readonly ProcessRecord[];
  readonly threads: readonly ThreadRecord[];
  readonly samples: SampleColumns;
  readonly counters: SampleCounters;
  /** Ids start over with this batch: what keeps hours flat in memory. */
  readonly reset?: true;
}
