import { type LiveProcess, ScatterRead } from "@pyspy/proc-memory";
import type { BatchBuilder } from "../intern/batch-builder.js";
import { ROOT } from "../intern/stack-trie.js";
import { type Nanoseconds, type NodeId, type ProcessId, SampleState } from "../sample-batch.js";
import { CodeCache, HIDDEN } from "./code-cache.js";
import type { PythonRuntime } from "./python-runtime.js";
import { type PlannedStack, StackSnapshot } from "./stack-snapshot.js";
import { type InterpreterTrack, ThreadList } from "./thread-list.js";
import type { ThreadTrack } from "./thread-track.js";

/** A stack that does not hold still is read this often; then the last reading is kept and marked torn. */
const ATTEMPTS = 4;
const UNKNOWN_CPU_TIME = -1;

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
  readonly #plan = new ScatterRead(64, 32 * 1024);
  readonly #single = new ScatterRead(64, 32 * 1024);

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
    const plan = this.#plan;
    const wanted = this.#readAll(plan);
    if (wanted === undefined) return false;
    this.#codes.beginRound();
    for (const { track, interpreter, planned, active } of wanted) {
      const holder = this.#threads.gilHolder(plan, interpreter);
      this.#take(
        track,
        plan,
        planned,
        time,
        (active ? SampleState.active : 0) | (holder === track.threadState ? SampleState.holdsGil : 0),
      );
    }
    return true;
  }

  /** Reads every wanted stack in one go; again if the list of threads turns out to have changed. */
  #readAll(plan: ScatterRead): WantedStack[] | undefined {
    for (let attempt = 0; ; attempt++) {
      plan.clear();
      this.#threads.plan(plan);
      const wanted: WantedStack[] = [];
      for (const interpreter of this.#threads.interpreters) {
        for (const track of interpreter.threads) {
          const active = this.#isActive(track);
          if (active || this.#idle) {
            wanted.push({ track, interpreter, active, planned: this.#snapshot.plan(track, plan) });
          }
        }
      }
      this.#process.memory.readScatter(plan);
      const list = this.#threads.check(plan);
      if (list === "unreadable") return undefined;
      if (list === "same" || attempt === ATTEMPTS) return wanted;
      if (!this.#threads.refresh()) return undefined;
    }
  }

  #isActive(track: ThreadTrack): boolean {
    if (track.tid === 0) return true;
    const state = this.#process.threadState(track.tid);
    const exited = state === undefined || state === "exited";
    if (exited && !track.exited) this.#threads.suspect();
    track.exited = exited;
    return state === "running";
  }

  #take(
    track: ThreadTrack,
    plan: ScatterRead,
    planned: PlannedStack,
    time: Nanoseconds,
    state: number,
  ): void {
    const snapshot = this.#snapshot;
    let outcome = snapshot.walk(track, plan, planned);
    for (let attempt = 1; outcome !== "good" && attempt < ATTEMPTS; attempt++) {
      const single = this.#single;
      single.clear();
      const again = snapshot.plan(track, single);
      this.#process.memory.readScatter(single);
      outcome = snapshot.walk(track, single, again);
    }
    track.forgetOld();

    const { counters } = this.#builder;
    // A thread that runs no Python now has no stack.
    if (outcome === "good" && snapshot.depth === 0) return;
    counters.attempted += 1;
    if (outcome === "unreadable") {
      counters.unreadable += 1;
      return;
    }
    if (outcome === "good") counters.good += 1;
    else counters.torn += 1;
    const torn = outcome === "good" ? 0 : SampleState.torn;
    this.#builder.addSample(time, track.record, this.#intern(), state | torn, UNKNOWN_CPU_TIME);
  }

  /** The node of the walked stack. */
  #intern(): NodeId {
    const { codes, instructions, depth } = this.#snapshot;
    this.#codes.revalidate(codes, depth);
    let node = ROOT;
    for (let index = depth - 1; index >= 0; index--) {
      const frame = this.#codes.frame(codes[index] as number, instructions[index] as number);
      if (frame !== HIDDEN) node = this.#builder.node(node, frame);
    }
    return node;
  }
}

interface WantedStack {
  readonly track: ThreadTrack;
  readonly interpreter: InterpreterTrack;
  readonly active: boolean;
  readonly planned: PlannedStack;
}
