import type { Address, ProcessView } from "@pyspy/proc-memory";
import type { BatchBuilder } from "../intern/batch-builder.js";
import { ROOT } from "../intern/stack-trie.js";
import { HIDDEN } from "../python/code-cache.js";
import type { KnownStack } from "../python/known-stack.js";
import type { PythonRuntime } from "../python/python-runtime.js";
import type { StackReader } from "../python/stack-reader.js";
import {
  type Nanoseconds,
  type NodeId,
  type ProcessId,
  SampleState,
  type ThreadId,
} from "../sample-batch.js";
import { TaskReader, type TaskStack } from "./task-reader.js";

/** Who waits for whom is followed so far. */
const MOST_AWAITERS = 100;
/**
 * Reading all tasks takes at most this share of the time: a thousand take tens of milliseconds. Until they are read again they
 * are what they were, but those that are about to be shown as running are looked at anew.
 */
const READ_SHARE = 0.25;
/** What asyncio calls a task that nobody has named. */
const NUMBERED = /^Task-\d+$/;

interface TaskSamplesOptions {
  /** The process whose samples they are. */
  readonly record: ProcessId;
  /** Also tasks that do not run. */
  readonly idle: boolean;
}

/** Adds the samples of tasks to those of threads, as {@link TaskSamples}: what a reader calls when it has taken the latter. */
export function taskSamples(
  process: ProcessView,
  runtime: PythonRuntime,
  builder: BatchBuilder,
  options: TaskSamplesOptions,
): (time: Nanoseconds, reader: StackReader) => void {
  let samples: TaskSamples | undefined;
  return (time, reader) => {
    samples ??= new TaskSamples(process, runtime, builder, reader, options);
    samples.add(time);
  };
}

/**
 * Shows threads that run a task of `asyncio`, or a greenlet, with its stack in place of their own: the task that waits for it,
 * and so on, outermost, each under a frame with its name. Those that do not run are samples of their own, if idle threads are.
 */
class TaskSamples {
  readonly #builder: BatchBuilder;
  readonly #reader: StackReader;
  readonly #tasks: TaskReader;
  readonly #record: ProcessId;
  readonly #idle: boolean;
  /** Of tasks that do not run, by their addresses. */
  readonly #threads = new Map<Address, { readonly name: string; readonly id: ThreadId }>();
  #builderEpoch: number;
  /** As they were read last, and when they are to be read again, in the milliseconds of `performance.now()`. */
  #known: readonly TaskStack[] = [];
  #nextRead = 0;

  constructor(
    process: ProcessView,
    runtime: PythonRuntime,
    builder: BatchBuilder,
    reader: StackReader,
    { record, idle }: TaskSamplesOptions,
  ) {
    this.#builder = builder;
    this.#reader = reader;
    this.#tasks = new TaskReader(process, runtime, builder, reader.codes);
    this.#record = record;
    this.#idle = idle;
    this.#builderEpoch = builder.epoch;
  }

  /** To be called when the reader has added the samples of `time`. */
  add(time: Nanoseconds): void {
    if (this.#builder.epoch !== this.#builderEpoch) {
      this.#builderEpoch = this.#builder.epoch;
      this.#threads.clear();
    }
    const began = performance.now();
    const isFresh = began >= this.#nextRead;
    if (isFresh) {
      this.#known = this.#tasks.read(this.#reader.interpreters).tasks;
      this.#nextRead = began + (performance.now() - began) / READ_SHARE;
    }
    const tasks = this.#known;
    const all = new Map(tasks.map((task) => [task.address, task]));
    for (const address of this.#threads.keys()) if (!all.has(address)) this.#threads.delete(address);
    const shown = this.#showRunning(tasks, all, time, isFresh);
    if (!this.#idle) return;
    // One that runs only now was in no thread's stack.
    for (const task of tasks)
      if (task.state !== "running" && !shown.has(task)) this.#addWaiting(task, all, time);
  }

  /**
   * Tasks have been read later than the stacks of threads: what a thread ran then is told by its stack, which has the outermost frame
   * of the task.
   */
  #showRunning(
    tasks: readonly TaskStack[],
    all: ReadonlyMap<Address, TaskStack>,
    time: Nanoseconds,
    isFresh: boolean,
  ): ReadonlySet<TaskStack> {
    const byFrame = new Map(tasks.map((task) => [outermostFrame(task.known), task]));
    byFrame.delete(0);
    const shown = new Set<TaskStack>();
    for (const { threads } of this.#reader.interpreters) {
      for (const { sampledAt, row, node, known } of threads) {
        if (sampledAt !== time || node === undefined) continue;
        let position = known.depth - 1;
        while (position >= 0 && !byFrame.has(known.addresses[position] as Address)) position--;
        const task = byFrame.get(known.addresses[position] ?? 0);
        if (task === undefined) continue;
        const name = isFresh ? task.name : this.#tasks.nameNow(task);
        if (name === undefined) continue;
        shown.add(task);
        this.#builder.showAs(row, this.#under(this.#outside(task, all, name), known, position));
      }
    }
    return shown;
  }

  #addWaiting(task: TaskStack, all: ReadonlyMap<Address, TaskStack>, time: Nanoseconds): void {
    if (task.known.depth === 0) return;
    const { counters } = this.#builder;
    counters.attempted += 1;
    if (task.isGood) counters.good += 1;
    else counters.torn += 1;
    const state = task.isGood ? 0 : SampleState.torn;
    const node = this.#under(this.#outside(task, all), task.known, 0);
    this.#builder.addSample(time, this.#threadOf(task), node, state, 0);
  }

  #threadOf({ address, name, track, kind }: TaskStack): ThreadId {
    const known = this.#threads.get(address);
    if (known?.name === name) return known.id;
    const id = this.#builder.addThread({
      process: this.#record,
      tid: track?.tid ?? 0,
      pythonId: address,
      name: `${kind} ${name}`.trimEnd(),
      interpreter: track?.interpreter ?? 0,
    });
    this.#threads.set(address, { name, id });
    return id;
  }

  /** What a task's own frames are under: the tasks that wait for it, and its name. */
  #outside(task: TaskStack, all: ReadonlyMap<Address, TaskStack>, name = task.name): NodeId {
    const awaiters: TaskStack[] = [];
    const met = new Set([task]);
    for (let inner = task; awaiters.length < MOST_AWAITERS; ) {
      const [first] = inner.awaitedBy;
      const outer = first === undefined ? undefined : all.get(first);
      if (outer === undefined || met.has(outer)) break;
      met.add(outer);
      awaiters.unshift(outer);
      inner = outer;
    }
    let node = ROOT;
    for (const outer of awaiters) node = this.#under(this.#labelled(node, outer), outer.known, 0);
    return this.#labelled(node, { ...task, name });
  }

  #labelled(node: NodeId, task: TaskStack): NodeId {
    return this.#builder.node(node, this.#builder.namedFrame(labelOf(task), "other"));
  }

  /** The frames of a stack from `position` on, called by another stack. */
  #under(parent: NodeId, { codes, instructions, depth }: KnownStack, position: number): NodeId {
    let node = parent;
    for (let at = position; at < depth; at++) {
      const code = codes[at] as Address;
      const frame = code === 0 ? HIDDEN : this.#reader.codes.frame(code, instructions[at] as number);
      if (frame !== HIDDEN) node = this.#builder.node(node, frame);
    }
    return node;
  }
}

/** Frames of C's own are on its stack, where those of several greenlets are at the same place. 0 if there is none. */
function outermostFrame({ addresses, codes, depth }: KnownStack): Address {
  const position = codes.subarray(0, depth).findIndex((code) => code !== 0);
  return position < 0 ? 0 : (addresses[position] as Address);
}

/** Tasks that are alike are to be one in a profile, so their numbers are left out. */
function labelOf({ kind, name }: TaskStack): string {
  return name === "" || NUMBERED.test(name) ? `<${kind}>` : `<${kind} ${name}>`;
}
