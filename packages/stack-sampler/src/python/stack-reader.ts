import { ABSENT, formatVersion } from "@pyspy/cpython-layouts";
import { type Address, type LiveProcess, type MemoryMap, ScatterRead, type Tid } from "@pyspy/proc-memory";
import type { BatchBuilder } from "../intern/batch-builder.js";
import { ROOT } from "../intern/stack-trie.js";
import { monotonicTime } from "../monotonic-time.js";
import {
  type Nanoseconds,
  type NodeId,
  type ProcessId,
  SampleState,
  type ThreadId,
} from "../sample-batch.js";
import { UNKNOWN_FRAME } from "../threads/garbage-collection.js";
import { requestsGil } from "../threads/gil-wait.js";
import { ThreadWatch } from "../threads/thread-watch.js";
import { CodeCache } from "./code-cache.js";
import { READINGS } from "./known-stack.js";
import type { PythonRuntime } from "./python-runtime.js";
import { StackNodes } from "./stack-nodes.js";
import { StackSnapshot, type WalkOutcome } from "./stack-snapshot.js";
import { isChosen, type ThreadChoice } from "./thread-choice.js";
import { type InterpreterTrack, ThreadList } from "./thread-list.js";
import type { ThreadTrack } from "./thread-track.js";

/**
 * Beside the {@link READINGS} of a stack that does not hold still, of which the last one is kept and marked torn, there may be so
 * many readings that bring something new, as the first ones do.
 */
const LEARNING_ATTEMPTS = 10;
/** The first finds where a deep stack can be divided, which makes the next ones short once it is read so. */
const READINGS_TO_LEARN = 2;

export interface StackReaderOptions {
  /** Also the stacks of threads that are not running. */
  readonly idle: boolean;
  /** Default: all threads. */
  readonly choice?: ThreadChoice;
  /** How often samples are taken, a second. */
  readonly rate: number;
  /** Of the process when the runtime was found; read if not given. */
  readonly maps?: readonly MemoryMap[] | undefined;
  /** Has threads stand still while `read` looks at them; they do not if this is not given. */
  readonly stop?: ((tids: readonly Tid[], read: () => void) => void) | undefined;
  /** Is called when the stacks of a sample have been taken, while threads still stand still if they do. */
  readonly onTaken?: ((time: Nanoseconds, reader: StackReader) => void) | undefined;
}

/** Takes the stacks of all threads of one Python, as often as it is asked to. */
export class StackReader {
  readonly #process: LiveProcess;
  readonly #runtime: PythonRuntime;
  readonly #builder: BatchBuilder;
  readonly #record: ProcessId;
  readonly #idle: boolean;
  /** What is looked at and read. */
  readonly #choice: ThreadChoice;
  /** Of what was read, only who holds the GIL is kept. */
  readonly #onlyHolder: boolean;
  readonly #stop: StackReaderOptions["stop"];
  readonly #onTaken: StackReaderOptions["onTaken"];
  #areStopped = false;
  readonly #threads: ThreadList;
  readonly #watch: ThreadWatch;
  readonly #codes: CodeCache;
  readonly #snapshot: StackSnapshot;
  readonly #nodes: StackNodes;
  /** What is read of all wanted threads, made anew only when it changes. */
  readonly #plan = new ScatterRead(64, 32 * 1024);
  readonly #wanted: WantedStack[] = [];
  /** Threads that have not run since their stacks were read. */
  readonly #resting: WantedStack[] = [];
  #planRevision = -1;
  readonly #single = new ScatterRead(64, 32 * 1024);
  /** That of the two which the stack was walked in that was walked last. */
  #counting = this.#plan;
  /** Of the stack that was walked last. */
  #node: NodeId = ROOT;
  #now = 0;
  /** {@link CodeCache.epoch} and {@link BatchBuilder.epoch} of what is known of the threads. */
  #codeEpoch = 0;
  #builderEpoch: number;

  constructor(
    process: LiveProcess,
    runtime: PythonRuntime,
    builder: BatchBuilder,
    record: ProcessId,
    { idle, choice = {}, rate, stop, onTaken, maps }: StackReaderOptions,
  ) {
    this.#process = process;
    this.#runtime = runtime;
    this.#builder = builder;
    this.#builderEpoch = builder.epoch;
    this.#record = record;
    this.#idle = idle;
    this.#onlyHolder = choice.gilHolder === true;
    // Who held the GIL before threads were stopped may not be who holds it then, and does not stand still. So all that run are
    // stopped and read, of which one is kept.
    this.#choice = stop === undefined ? choice : { ...choice, gilHolder: false };
    this.#stop = stop;
    this.#onTaken = onTaken;
    this.#threads = new ThreadList(process, runtime, maps);
    this.#watch = new ThreadWatch(process, runtime, rate);
    this.#codes = new CodeCache(process.memory, runtime.layout, builder);
    this.#snapshot = new StackSnapshot(process.memory, runtime.layout);
    this.#nodes = new StackNodes(builder, this.#codes, this.#snapshot);
  }

  /**
   * Takes all stacks now and adds them as samples of `time`. False if the runtime cannot be read any
   * more: the process has ended, or has executed another program.
   *
   * @param now - {@link monotonicTime}
   */
  sample(time: Nanoseconds, now: number): boolean {
    if (this.#stop === undefined) {
      this.#begin(now);
      return this.#sampleNow(time);
    }
    if (!this.watch() || !this.#learnBeforeStopping()) return false;
    // Who sleeps does nothing that would have to be stopped, and waits in a call that stopping might end.
    const running = this.#wanted.filter(({ track }) => track.isActive && track.tid !== 0);
    let isThere = false;
    this.#stop(
      running.map(({ track }) => track.tid),
      () => {
        isThere = running.length > 0 ? this.sampleStill(time) : this.#sampleNow(time);
      },
    );
    return isThere;
  }

  /** Finds the threads and looks at what they do, before {@link sampleStill}. False if the runtime cannot be read any more. */
  watch(): boolean {
    this.#begin(monotonicTime());
    if (this.#threads.interpreters.length === 0 && !this.#threads.refresh()) return false;
    this.#chooseThreads();
    return true;
  }

  /** {@link sample} of threads that stand still, of which the operating system would only say this. */
  sampleStill(time: Nanoseconds): boolean {
    this.#areStopped = true;
    try {
      return this.#sampleNow(time);
    } finally {
      this.#areStopped = false;
    }
  }

  /**
   * Reads threads of which nothing is known as they run, for no sample: the first readings take many times as long as later
   * ones, and for that nobody should have to stand still. False if the runtime cannot be read any more.
   */
  #learnBeforeStopping(): boolean {
    const strangers = this.#wanted.map(({ track }) => track).filter((track) => !track.isMet);
    if (strangers.length === 0) return true;
    for (let reading = 0; reading < READINGS_TO_LEARN; reading++) {
      if (!this.#readAll()) return false;
      for (const track of strangers) this.#settle(track);
    }
    return this.watch();
  }

  #begin(now: number): void {
    this.#now = now;
    if (this.#builder.epoch !== this.#builderEpoch) this.#startOver();
  }

  #sampleNow(time: Nanoseconds): boolean {
    if (!this.#readAll()) return false;
    for (const { track, interpreter } of this.#wanted) {
      if (this.#isWanted(track, interpreter)) this.#take(track, interpreter, time);
      // It has run since its stack was taken, and that will not be seen again.
      else track.node = undefined;
    }
    for (const { track, interpreter } of this.#resting)
      if (this.#isWanted(track, interpreter)) this.#repeat(track, interpreter, time);
    this.#onTaken?.(time, this);
    return true;
  }

  /** Whether it reads this Python, and not one that was at the same place before an `execve`. */
  reads({ interpretersHead, image, layout }: PythonRuntime): boolean {
    const own = this.#runtime;
    return (
      own.interpretersHead === interpretersHead &&
      own.image === image &&
      formatVersion(own.layout.version) === formatVersion(layout.version)
    );
  }

  /** Every which sample threads that do not run are looked at, at most. */
  get turns(): number {
    return this.#watch.turns;
  }

  /** System calls made to look at threads, beside those that read memory. */
  get lookCalls(): number {
    return this.#watch.calls;
  }

  /** What is known of code objects. */
  get codes(): CodeCache {
    return this.#codes;
  }

  get interpreters(): readonly InterpreterTrack[] {
    return this.#threads.interpreters;
  }

  /** All threads, also those that have no sample, with what is known of them since the last one. */
  *threads(): Generator<{ readonly record: ThreadId; readonly track: ThreadTrack }> {
    for (const interpreter of this.#threads.interpreters) {
      for (const track of interpreter.threads) yield { record: this.#recordOf(track, interpreter), track };
    }
  }

  /** Lets go of what is held of the threads. */
  close(): void {
    for (const { threads } of this.#threads.interpreters) {
      for (const { activity } of threads) activity?.close();
    }
  }

  /** Reads every wanted stack in one go; again if the list of threads turns out to have changed. */
  #readAll(): boolean {
    for (let attempt = 0; ; attempt++) {
      this.#chooseThreads();
      this.#planWanted();
      if (!this.#areCalm) dawdle();
      this.#process.memory.readScatter(this.#plan);
      const list = this.#threads.check(this.#plan);
      if (list === "unreadable") return false;
      if (attempt === READINGS) break;
      if (list === "same" && !this.#missesHolder()) break;
      if (list !== "same" && !this.#threads.refresh()) return false;
    }
    this.#checkCodes(this.#plan);
    return true;
  }

  /** Who held the GIL before the read may not hold it any more. */
  #isWanted({ threadState }: ThreadTrack, { holder }: InterpreterTrack): boolean {
    return !this.#onlyHolder || threadState === holder;
  }

  /** Whether somebody else holds the GIL than who was read for it. */
  #missesHolder(): boolean {
    if (this.#choice.gilHolder !== true) return false;
    return this.#threads.interpreters.some(
      ({ holder, chosenHolder }) => holder !== 0 && holder !== chosenHolder,
    );
  }

  /** Plans to read all that are wanted, unless the plan is for that already. */
  #planWanted(): void {
    const plan = this.#plan;
    let revision = this.#threads.revision + this.#codes.revision;
    for (const { track } of this.#wanted) revision += track.places.revision;
    if (revision === this.#planRevision) return;
    this.#planRevision = revision;
    plan.clear();
    this.#threads.plan(plan);
    for (const { track } of this.#wanted) this.#snapshot.plan(track, plan);
    this.#codes.plan(plan, this.#threads.interpreters);
  }

  /** Whether {@link StackPlaces.isCalm} of all that are wanted. */
  get #areCalm(): boolean {
    for (const { track } of this.#wanted) if (!track.places.isCalm) return false;
    return true;
  }

  /** Says which threads are wanted now. */
  #chooseThreads(): void {
    this.#watch.begin();
    let wanted = 0;
    let resting = 0;
    let hasOthers = false;
    for (const interpreter of this.#threads.interpreters) {
      interpreter.chosenHolder = interpreter.holder;
      let index = -1;
      for (const track of interpreter.threads) {
        index += 1;
        if (this.#choice.exclude !== undefined) this.#watch.name(track, interpreter, this.#now);
        if (!isChosen(this.#choice, track, interpreter, this.#process.pid)) continue;
        const hadExited = track.hasExited;
        if (!this.#areStopped) this.#watch.look(track, interpreter, index, interpreter.holder, this.#now);
        if (track.hasExited && !hadExited) this.#threads.suspect();
        if (!track.isActive && !this.#idle) continue;
        if (!track.hasRun && track.node !== undefined) put(this.#resting, resting++, track, interpreter);
        else hasOthers = put(this.#wanted, wanted++, track, interpreter) || hasOthers;
      }
    }
    this.#watch.end();
    // Also to what it is already it is costly to set.
    if (this.#resting.length !== resting) this.#resting.length = resting;
    if (!hasOthers && this.#wanted.length === wanted) return;
    this.#wanted.length = wanted;
    this.#planRevision = -1;
  }

  /** Walks the stack in what was read, and reads it again until it is good. Leaves the reading that counts in {@link #counting}. */
  #settle(track: ThreadTrack): WalkOutcome | "doubtful" {
    const isAlone = this.#wanted.length === 1 && this.#wanted[0]?.track === track;
    let plan = this.#plan;
    let outcome = this.#walk(track, plan);
    let learnt = 0;
    let failed = 0;
    let doubts = 0;
    let doubted = ROOT;
    while (outcome !== "good") {
      if (outcome === "doubtful" && (doubts === 0 || this.#node === doubted)) {
        doubts += 1;
        doubted = this.#node;
      }
      if (outcome === "learnt" ? ++learnt === LEARNING_ATTEMPTS : ++failed === READINGS) break;
      if (isAlone) this.#planWanted();
      else plan = this.#planSingle(track);
      if (!track.places.isCalm) dawdle();
      this.#process.memory.readScatter(plan);
      this.#checkCodes(plan);
      outcome = this.#walk(track, plan);
    }
    track.places.endSample();
    track.isMet = true;
    this.#counting = plan;
    return doubts === READINGS ? "good" : outcome;
  }

  /** Plans to read one of several threads. */
  #planSingle(track: ThreadTrack): ScatterRead {
    const plan = this.#single;
    plan.clear();
    this.#snapshot.plan(track, plan);
    this.#codes.plan(plan, this.#threads.interpreters);
    // What is known of the thread's places now is of this plan.
    this.#planRevision = -1;
    return plan;
  }

  #take(track: ThreadTrack, interpreter: InterpreterTrack, time: Nanoseconds): void {
    const outcome = this.#settle(track);
    const { counters } = this.#builder;
    const node = outcome === "torn" ? this.#nodes.intern(track.known) : this.#node;
    track.node = outcome === "good" ? node : undefined;
    track.isUnreadable = outcome === "unreadable";
    if (track.isUnreadable) {
      counters.attempted += 1;
      counters.unreadable += 1;
      return;
    }
    const request = requestsGil(this.#runtime.layout, this.#counting.view, track.places.threadState);
    if (request !== undefined) track.wantsGil = request;
    this.#add(track, interpreter, time, node, outcome === "good");
  }

  /** The stack of a thread that has not run is what it was. */
  #repeat(track: ThreadTrack, interpreter: InterpreterTrack, time: Nanoseconds): void {
    if (track.node !== undefined) this.#add(track, interpreter, time, track.node, true);
  }

  #add(
    track: ThreadTrack,
    interpreter: InterpreterTrack,
    time: Nanoseconds,
    node: NodeId,
    isGood: boolean,
  ): void {
    // A thread that runs no Python now has no stack.
    if (isGood && node === ROOT) return;
    const { counters } = this.#builder;
    counters.attempted += 1;
    let state = track.isActive ? SampleState.active : 0;
    if (isGood) counters.good += 1;
    else {
      counters.torn += 1;
      state |= SampleState.torn;
    }
    if (interpreter.holder === track.threadState) state |= SampleState.holdsGil;
    else if (track.wantsGil) state |= SampleState.wantsGil;
    let shown = node;
    const collection = this.#threads.collectionFrame(this.#plan, interpreter);
    if (collection !== undefined && this.#collects(track, interpreter, collection)) {
      state |= SampleState.collecting;
      const { known } = track;
      // While a finalizer runs, its frames are the inner ones.
      if (collection === UNKNOWN_FRAME || known.addresses[known.depth - 1] === collection)
        shown = this.#builder.node(node, this.#builder.namedFrame("<GC>", "gc"));
    }
    track.sampledAt = time;
    track.row = this.#builder.pendingSamples;
    this.#builder.addSample(time, this.#recordOf(track, interpreter), shown, state, track.takeCpuTime());
  }

  #collects({ known, threadState }: ThreadTrack, { holder }: InterpreterTrack, frame: Address): boolean {
    if (frame === UNKNOWN_FRAME) return threadState === holder;
    return known.addresses.lastIndexOf(frame, known.depth - 1) >= 0;
  }

  #recordOf(track: ThreadTrack, interpreter: InterpreterTrack): ThreadId {
    this.#watch.name(track, interpreter, this.#now);
    track.record ??= this.#builder.addThread({
      process: this.#record,
      tid: track.tid,
      pythonId: track.pythonId,
      name: track.name,
      interpreter: track.interpreter,
    });
    return track.record;
  }

  #walk(track: ThreadTrack, plan: ScatterRead): WalkOutcome | "doubtful" {
    const outcome = this.#snapshot.walk(track, plan);
    if (outcome === "torn" || outcome === "unreadable") return outcome;
    this.#codes.hasLearnt = false;
    this.#codes.hasMissed = false;
    this.#node = this.#nodes.intern(track.known);
    if (outcome === "good") this.#snapshot.divide(track);
    if (this.#codes.hasLearnt) return "learnt";
    if (outcome !== "good") return outcome;
    if (this.#beginsInGenerator(track)) return this.#hasFramesOfC ? "torn" : "doubtful";
    return this.#codes.hasMissed ? "doubtful" : "good";
  }

  /**
   * Two copies that agree may yet agree on what never was. A thread that does the same again and again can be met twice
   * at moments that are alike, just as the inner frames have returned: the place of a frame of C's own has been used
   * for something else, or a generator has paused and has no caller any more. Up to 3.11 there can be none: C resumes it,
   * with no Python outside. Later there is a frame of C's own then.
   */
  #beginsInGenerator({ known }: ThreadTrack): boolean {
    return known.depth > 0 && this.#codes.isGenerator(known.codes[0] as Address);
  }

  get #hasFramesOfC(): boolean {
    return this.#runtime.layout.frame.firstForeignOwner !== ABSENT;
  }

  #checkCodes(plan: ScatterRead): void {
    this.#codes.check(plan);
    if (this.#codes.epoch === this.#codeEpoch) return;
    this.#codeEpoch = this.#codes.epoch;
    for (const { threads } of this.#threads.interpreters) {
      for (const { known } of threads) known.forget();
    }
  }

  /** The ids that were given have ended. */
  #startOver(): void {
    this.#builderEpoch = this.#builder.epoch;
    this.#codes.clear();
    for (const { threads } of this.#threads.interpreters) for (const track of threads) track.forget();
  }
}

/** How many rounds it takes to {@link dawdle}, on average. */
const ROUNDS = 50;

/**
 * Lets a random moment pass, a microsecond on average. Reads that follow one another at once meet a loop of the program that takes
 * as long at the same moments of it, again and again: where its copies are alike by chance, they are so many times.
 */
function dawdle(): void {
  while (Math.random() * ROUNDS >= 1);
}

interface WantedStack {
  track: ThreadTrack;
  interpreter: InterpreterTrack;
}

/** Sets an element; true if it was another thread. */
function put(list: WantedStack[], index: number, track: ThreadTrack, interpreter: InterpreterTrack): boolean {
  const known = list[index];
  if (known?.track === track) return false;
  list[index] = { track, interpreter };
  return true;
}
