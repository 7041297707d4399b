import { type LiveProcess, ScatterRead } from "@pyspy/proc-memory";
import type { BatchBuilder } from "../intern/batch-builder.js";
import { ROOT } from "../intern/stack-trie.js";
import { type Nanoseconds, type NodeId, type ProcessId, SampleState } from "../sample-batch.js";
import { CodeCache, HIDDEN } from "./code-cache.js";
import type { KnownStack } from "./known-stack.js";
import type { PythonRuntime } from "./python-runtime.js";
import { StackSnapshot, type WalkOutcome } from "./stack-snapshot.js";
import { type InterpreterTrack, ThreadList } from "./thread-list.js";
import type { ThreadTrack } from "./thread-track.js";

/** A stack that does not hold still is read this often; then the last reading is kept and marked torn. */
const ATTEMPTS = 4;
const UNKNOWN_CPU_TIME = -1;
/** Of a deeper stack the innermost frames are kept, so many of them. */
const MOST_FRAMES = 10_000;

export interface StackReaderOptions {
  /** Also the stacks of threads that are not running. */
  readonly idle: boolean;
}

/** Takes the stacks of all threads of one Python, as often as it is asked to. */
export class StackReader {
  readonly #process: LiveProcess;
  readonly #builder: BatchBuilder;
  readonly #idle: boolean;
  readonly #threads: ThreadList;
  readonly #codes: CodeCache;
  readonly #snapshot: StackSnapshot;
  /** What is read of all wanted threads, made anew only when it changes. */
  readonly #plan = new ScatterRead(64, 32 * 1024);
  readonly #wanted: WantedStack[] = [];
  #planRevision = -1;
  readonly #single = new ScatterRead(64, 32 * 1024);
  /** Of the stack that was walked last. */
  #node: NodeId = ROOT;
  /** {@link CodeCache.epoch} of the nodes that the threads' known stacks have. */
  #epoch = 0;

  constructor(
    process: LiveProcess,
    runtime: PythonRuntime,
    builder: BatchBuilder,
    record: ProcessId,
    options: StackReaderOptions,
  ) {
    this.#process = process;
    this.#builder = builder;
    this.#idle = options.idle;
    this.#threads = new ThreadList(process, runtime, builder, record);
    this.#codes = new CodeCache(process.memory, runtime.layout, builder);
    this.#snapshot = new StackSnapshot(process.memory, runtime.layout);
  }

  /**
   * Takes all stacks now and adds them as samples of `time`. False if the runtime cannot be read any
   * more: the process has ended, or has executed another program.
   */
  sample(time: Nanoseconds): boolean {
    const wanted = this.#readAll();
    if (wanted === undefined) return false;
    for (const { track, interpreter, active } of wanted) {
      const holder = this.#threads.gilHolder(this.#plan, interpreter);
      const holdsGil = holder === track.threadState ? SampleState.holdsGil : 0;
      this.#take(track, time, (active ? SampleState.active : 0) | holdsGil);
    }
    return true;
  }

  /** Reads every wanted stack in one go; again if the list of threads turns out to have changed. */
  #readAll(): readonly WantedStack[] | undefined {
    for (let attempt = 0; ; attempt++) {
      this.#planAll();
      this.#process.memory.readScatter(this.#plan);
      const list = this.#threads.check(this.#plan);
      if (list === "unreadable") return undefined;
      if (list === "same" || attempt === ATTEMPTS) break;
      if (!this.#threads.refresh()) return undefined;
    }
    this.#checkCodes(this.#plan);
    return this.#wanted;
  }

  #planAll(): void {
    const plan = this.#plan;
    const hasOthers = this.#chooseThreads();
    let revision = this.#threads.revision + this.#codes.revision;
    for (const { track } of this.#wanted) revision += track.places.revision;
    if (revision === this.#planRevision && !hasOthers) return;
    this.#planRevision = revision;
    plan.clear();
    this.#threads.plan(plan);
    for (const { track } of this.#wanted) this.#snapshot.plan(track, plan);
    this.#codes.plan(plan);
  }

  /** Says which threads are wanted now; true if they are not the same as before. */
  #chooseThreads(): boolean {
    const wanted = this.#wanted;
    let count = 0;
    let hasOthers = false;
    for (const interpreter of this.#threads.interpreters) {
      for (const track of interpreter.threads) {
        const active = this.#isActive(track);
        if (!active && !this.#idle) continue;
        const known = wanted[count];
        if (known?.track === track) known.active = active;
        else {
          wanted[count] = { track, interpreter, active };
          hasOthers = true;
        }
        count += 1;
      }
    }
    if (wanted.length !== count) hasOthers = true;
    wanted.length = count;
    return hasOthers;
  }

  #isActive(track: ThreadTrack): boolean {
    if (track.tid === 0) return true;
    const state = this.#process.threadState(track.tid);
    const exited = state === undefined || state === "exited";
    if (exited && !track.exited) this.#threads.suspect();
    track.exited = exited;
    return state === "running";
  }

  /** Walks the stack in what was read, and reads it again until it is good. */
  #take(track: ThreadTrack, time: Nanoseconds, state: number): void {
    let outcome = this.#walk(track, this.#plan);
    for (let attempt = 1; outcome !== "good" && attempt < ATTEMPTS; attempt++) {
      const single = this.#single;
      single.clear();
      this.#snapshot.plan(track, single);
      this.#codes.plan(single);
      // What is known of the thread's places now is of this plan.
      this.#planRevision = -1;
      this.#process.memory.readScatter(single);
      this.#checkCodes(single);
      outcome = this.#walk(track, single);
    }
    track.places.endSample();

    const { counters } = this.#builder;
    const isTorn = outcome === "torn" || outcome === "learnt";
    const node = outcome === "torn" ? this.#intern(track) : this.#node;
    // A thread that runs no Python now has no stack.
    if (outcome === "good" && node === ROOT) return;
    counters.attempted += 1;
    if (outcome === "unreadable") {
      counters.unreadable += 1;
      return;
    }
    if (isTorn) counters.torn += 1;
    else counters.good += 1;
    const torn = isTorn ? SampleState.torn : 0;
    this.#builder.addSample(time, track.record, node, state | torn, UNKNOWN_CPU_TIME);
  }

  #walk(track: ThreadTrack, plan: ScatterRead): WalkOutcome {
    const outcome = this.#snapshot.walk(track, plan);
    if (outcome === "torn" || outcome === "unreadable") return outcome;
    this.#codes.hasLearnt = false;
    this.#node = this.#intern(track);
    if (outcome === "good") this.#snapshot.divide(track);
    return this.#codes.hasLearnt ? "learnt" : outcome;
  }

  #checkCodes(plan: ScatterRead): void {
    this.#codes.check(plan);
    if (this.#codes.epoch === this.#epoch) return;
    this.#epoch = this.#codes.epoch;
    for (const { threads } of this.#threads.interpreters) {
      for (const { known } of threads) known.forget();
    }
  }

  /** The node of the walked stack, which becomes the thread's known one. */
  #intern({ known }: ThreadTrack): NodeId {
    const { addresses, codes, instructions, depth, keptDepth } = this.#snapshot;
    const total = keptDepth + depth;
    const omitted = Math.max(0, total - MOST_FRAMES);
    if (omitted !== known.omitted) return this.#internAnew(known, omitted);
    let node = keptDepth === 0 ? ROOT : (known.nodes[keptDepth - 1] as NodeId);
    for (let position = keptDepth; position < total; position++) {
      const index = total - 1 - position;
      const address = addresses[index] as number;
      const code = codes[index] as number;
      const instruction = instructions[index] as number;
      if (known.isAt(position, address, code, instruction)) node = known.nodes[position] as NodeId;
      else {
        // From here on nothing is as it was.
        known.depth = position;
        node = this.#nodeIn(node, code, instruction, position, omitted);
        known.set(position, address, code, instruction, node);
      }
    }
    known.depth = total;
    return node;
  }

  /** The same, where no node is as it was: another number of outer frames is left out. */
  #internAnew(known: KnownStack, omitted: number): NodeId {
    const { addresses, codes, instructions, depth, keptDepth } = this.#snapshot;
    known.omitted = omitted;
    known.depth = keptDepth + depth;
    let node = ROOT;
    for (let position = 0; position < known.depth; position++) {
      const index = known.depth - 1 - position;
      if (index < depth) {
        const address = addresses[index] as number;
        known.set(position, address, codes[index] as number, instructions[index] as number, ROOT);
      }
      const code = known.codes[position] as number;
      node = this.#nodeIn(node, code, known.instructions[position] as number, position, omitted);
      known.nodes[position] = node;
    }
    return node;
  }

  #nodeIn(parent: NodeId, code: number, instruction: number, position: number, omitted: number): NodeId {
    if (position < omitted) return position === omitted - 1 ? this.#omission(omitted) : ROOT;
    const frame = code === 0 ? HIDDEN : this.#codes.frame(code, instruction);
    return frame === HIDDEN ? parent : this.#builder.node(parent, frame);
  }

  /** What is shown in place of the outermost frames of a stack that is too deep to be shown whole. */
  #omission(count: number): NodeId {
    return this.#builder.node(ROOT, this.#builder.namedFrame(`<${count} frames omitted>`, "other"));
  }
}

interface WantedStack {
  readonly track: ThreadTrack;
  readonly interpreter: InterpreterTrack;
  active: boolean;
}
