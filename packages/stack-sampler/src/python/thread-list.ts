import { ABSENT, type Layout } from "@pyspy/cpython-layouts";
import type { Address, LiveProcess, MemoryMap, MemoryReader, ScatterRead, Tid } from "@pyspy/proc-memory";
import { monotonicTime } from "../monotonic-time.js";
import { GarbageCollection } from "../threads/garbage-collection.js";
import { KernelThreadIds } from "../threads/kernel-thread-id.js";
import { StackOwners } from "../threads/stack-owners.js";
import { ExecutionMark } from "./execution-mark.js";
import type { PythonRuntime } from "./python-runtime.js";
import { TargetWords } from "./target-words.js";
import { ThreadTrack } from "./thread-track.js";

/** One interpreter of a runtime: the main one, or a sub-interpreter. */
export interface InterpreterTrack {
  readonly address: Address;
  /** 0 is the main one. */
  readonly id: number;
  /** Oldest thread first. */
  readonly threads: readonly ThreadTrack[];
  /** Where the words of the last {@link ThreadList.plan} are in the buffer. */
  readonly words: { next: number; threadsHead: number; gil: number; collecting: number };
  /** Address of the GIL's state (3.12+); 0 if there is none. */
  readonly gil: Address;
  /** The thread state that held it at the last {@link ThreadList.check}; 0 if nobody did. */
  holder: Address;
  /** Whose stack is read because it held the GIL. */
  chosenHolder: Address;
}

/** Milliseconds after which it is asked again which thread runs an interpreter. */
const OWNER_AGE = 100;
/**
 * The same for the kernel's id of a thread, where there is none of that id: in a process that was just forked off it is that of its
 * starter's until Python has seen to its threads. At first, and then twice as long each time, up to the longest: Python also
 * keeps what has ended.
 */
const FIRST_GONE_AGE = 1;
const LONGEST_GONE_AGE = 10_000;

/** How often the list of threads is walked until it is believed. */
const MOST_WALKS = 8;

/**
 * The interpreters and threads of a runtime. Both are linked lists with the newest first, so that whoever is new
 * shows in the word that the list starts at, and that is all that has to be read in a sample.
 */
export class ThreadList {
  readonly #process: LiveProcess;
  readonly #memory: MemoryReader;
  readonly #words: TargetWords;
  readonly #threadIds: TargetWords;
  readonly #runtime: PythonRuntime;
  readonly #layout: Layout;
  readonly #garbage: GarbageCollection;
  readonly #kernelIds: KernelThreadIds;
  readonly #execution: ExecutionMark;
  readonly #owners: StackOwners;
  readonly #clock: () => number;
  #interpreters: InterpreterTrack[] = [];
  #suspected = true;
  /** When the list is walked again whatever is read of it. */
  #nextWalk = Number.POSITIVE_INFINITY;
  #goneAge = FIRST_GONE_AGE;
  /** Another number whenever something else is to be read. */
  revision = 0;
  #headRange = 0;
  readonly #offsets = { head: 0, holder: 0 };
  #unstarted: UnstartedThread[] = [];

  /**
   * @param maps of the process when the runtime was found
   * @param clock tells milliseconds
   */
  constructor(
    process: LiveProcess,
    runtime: PythonRuntime,
    maps?: readonly MemoryMap[],
    clock: () => number = monotonicTime,
  ) {
    this.#clock = clock;
    this.#process = process;
    this.#memory = process.memory;
    this.#words = new TargetWords(process.memory, runtime.layout.pointerSize);
    this.#threadIds = new TargetWords(process.memory, runtime.layout.threadState.thread_id_width);
    this.#runtime = runtime;
    this.#layout = runtime.layout;
    this.#garbage = new GarbageCollection(process.memory, runtime);
    this.#execution = new ExecutionMark(process, runtime.interpretersHead, maps);
    this.#owners = new StackOwners(process, runtime.layout);
    const innerPid = process.namespacePids.at(-1) ?? process.pid;
    this.#kernelIds = new KernelThreadIds(process.memory, innerPid, (innerTid) => {
      const tid = process.hostThreadId(innerTid);
      return tid !== undefined && process.threads().includes(tid);
    });
  }

  get interpreters(): readonly InterpreterTrack[] {
    return this.#interpreters;
  }

  /** Says that a thread seems to be gone: the next {@link check} finds the list changed. */
  suspect(): void {
    this.#suspected = true;
  }

  /** Adds the words that tell whether the list is still what it was, who holds the GIL, and whether garbage is being collected. */
  plan(plan: ScatterRead): void {
    const { interpreter, threadState, gil, pointerSize } = this.#layout;
    const { interpretersHead, gilHolder } = this.#runtime;
    this.#execution.plan(plan);
    this.#headRange = plan.rangeCount;
    this.#offsets.head = plan.add(interpretersHead, pointerSize);
    if (gilHolder !== 0) this.#offsets.holder = plan.add(gilHolder, pointerSize);
    for (const { address, words, gil: state } of this.#interpreters) {
      words.next = plan.addNear(address + interpreter.next, pointerSize);
      words.threadsHead = plan.addNear(address + interpreter.threads_head, pointerSize);
      if (this.#garbage.isKnown) words.collecting = this.#garbage.plan(plan, address);
      if (state !== 0) words.gil = plan.addNear(state, Math.max(gil.last_holder, gil.locked) + pointerSize);
    }
    for (const thread of this.#unstarted) {
      thread.range = plan.rangeCount;
      plan.add(thread.idAddress, threadState.thread_id_width);
    }
  }

  /** Compares the list with what was read, and sees who holds the GIL. */
  check(plan: ScatterRead): "same" | "changed" | "unreadable" {
    if (!plan.isRead(this.#headRange) || !this.#execution.holds(plan)) return "unreadable";
    if (this.#nextWalk !== Number.POSITIVE_INFINITY && this.#clock() > this.#nextWalk) return "changed";
    if (this.#suspected || this.#hasStarted(plan)) return "changed";
    let head = this.#words.at(plan.view, this.#offsets.head);
    for (const interpreter of this.#interpreters) {
      const { address, words, threads } = interpreter;
      interpreter.holder = this.#gilHolder(plan, interpreter);
      if (address !== head) return "changed";
      if (this.#words.at(plan.view, words.threadsHead) !== (threads.at(-1)?.threadState ?? 0))
        return "changed";
      head = this.#words.at(plan.view, words.next);
    }
    return head === 0 ? "same" : "changed";
  }

  /** The thread state that held the GIL of `interpreter` in a read; 0 if nobody did. */
  #gilHolder(plan: ScatterRead, interpreter: InterpreterTrack): Address {
    if (this.#runtime.gilHolder !== 0) return this.#words.at(plan.view, this.#offsets.holder);
    if (interpreter.gil === 0) return 0;
    const { locked, last_holder, enabled } = this.#layout.gil;
    if (this.#layout.freeThreaded && plan.view.getInt32(interpreter.words.gil + enabled, true) <= 0) return 0;
    const held = plan.view.getInt32(interpreter.words.gil + locked, true) === 1;
    return held ? this.#words.at(plan.view, interpreter.words.gil + last_holder) : 0;
  }

  /** {@link GarbageCollection.frame} of `interpreter` in a read. */
  collectionFrame(plan: ScatterRead, { words }: InterpreterTrack): Address | undefined {
    return this.#garbage.isKnown ? this.#garbage.frame(plan, words.collecting) : undefined;
  }

  /** Walks both lists anew; what is known of a thread that is still there is kept. False if they cannot be read. */
  refresh(): boolean {
    const { interpreter } = this.#layout;
    const known = new Map<Address, ThreadTrack>();
    for (const { threads } of this.#interpreters) {
      for (const track of threads) known.set(track.threadState, track);
    }
    const head = this.#words.read(this.#runtime.interpretersHead);
    if (head === undefined) return false;
    const found: FoundInterpreter[] = [];
    // A list that is changed while it is read can lead back to where it has been.
    const met = new Set<Address>();
    for (let address = head; address !== 0 && !met.has(address); ) {
      met.add(address);
      const next = this.#words.read(address + interpreter.next);
      const threads = this.#wholeList(address);
      if (next === undefined || threads === undefined) break;
      const id = interpreter.id === ABSENT ? undefined : this.#words.read(address + interpreter.id);
      const gil =
        interpreter.ceval_gil === ABSENT ? 0 : (this.#words.read(address + interpreter.ceval_gil) ?? 0);
      found.push({ address, id: id ?? 0, gil, threads });
      address = next;
    }
    const all = found.flatMap(({ threads }) => threads);
    const hasWanderers = this.#owners.isNeeded && found.some(({ id }) => id > 0);
    // Oldest first: with the main interpreter's main thread the place of the kernel's ids is found.
    const interpreters = found.toReversed().map(({ address, id, gil, threads }): InterpreterTrack => {
      const owned = id > 0 ? this.#owners.owned(threads, all) : threads;
      const tracks = owned.toReversed().map((thread) => this.#trackOf(thread, id, known.get(thread.address)));
      return {
        address,
        id,
        gil,
        threads: tracks,
        holder: 0,
        chosenHolder: 0,
        words: { next: 0, threadsHead: 0, gil: 0, collecting: 0 },
      };
    });
    interpreters.reverse();
    const kept = new Set(interpreters.flatMap(({ threads }) => threads));
    for (const track of known.values()) if (!kept.has(track)) track.activity?.close();
    this.#interpreters = interpreters;
    this.#suspected = false;
    this.#unstarted = this.#unstartedOf(all);
    this.#planNextWalk(hasWanderers);
    this.revision += 1;
    return true;
  }

  /**
   * Those that do not run yet: their id is 0, or up to 3.11 that of the thread that starts them, which is older. What has several
   * thread states looks so, too, and only costs a read of each.
   */
  #unstartedOf(newestFirst: readonly FoundThread[]): UnstartedThread[] {
    const { thread_id, native_thread_id } = this.#layout.threadState;
    const offset = native_thread_id === ABSENT ? thread_id : native_thread_id;
    const taken = new Set([0]);
    return newestFirst.toReversed().flatMap(({ address, pythonId, tid }) => {
      const id = tid ?? pythonId;
      const isTaken = taken.has(id);
      taken.add(id);
      return isTaken ? [{ threadState: address, idAddress: address + offset, id, range: 0 }] : [];
    });
  }

  /** Whether a thread that did not run has an id of its own now, or is gone. */
  #hasStarted(plan: ScatterRead): boolean {
    for (const { id, range } of this.#unstarted)
      if (!plan.isRead(range) || this.#threadIds.at(plan.view, plan.offsetOf(range)) !== id) return true;
    return false;
  }

  /** When something may have changed that shows in no word of the list: who runs an interpreter, and the kernel's ids. */
  #planNextWalk(hasWanderers: boolean): void {
    const isUnstarted = (track: ThreadTrack): boolean =>
      this.#unstarted.some(({ threadState }) => threadState === track.threadState);
    // What does not run yet is looked at in every sample.
    const isLost = (track: ThreadTrack): boolean =>
      track.hasExited || (track.tid === 0 && !isUnstarted(track));
    const hasGone = this.#interpreters.some(({ threads }) => threads.some(isLost));
    const ownerAge = hasWanderers ? OWNER_AGE : Number.POSITIVE_INFINITY;
    const goneAge = hasGone ? this.#goneAge : Number.POSITIVE_INFINITY;
    this.#nextWalk = this.#clock() + Math.min(ownerAge, goneAge);
    this.#goneAge = hasGone ? Math.min(2 * this.#goneAge, LONGEST_GONE_AGE) : FIRST_GONE_AGE;
  }

  /**
   * The threads of an interpreter, newest first; undefined if they cannot be read. A newest one that has just ended, in
   * whose place another one may be in the making, leads nowhere: a list that does not end where it did has to be met twice.
   */
  #wholeList(interpreter: Address): readonly FoundThread[] | undefined {
    const known = this.#interpreters.find(({ address }) => address === interpreter)?.threads[0];
    let longest: FoundThreads | undefined;
    let before: FoundThreads | undefined;
    for (let walk = 0; walk < MOST_WALKS; walk++) {
      const now = this.#threadsOf(interpreter);
      const last = now?.threads.at(-1)?.address;
      if (now?.isWhole && last === (known?.threadState ?? before?.threads.at(-1)?.address))
        return now.threads;
      if (now?.isWhole) before = now;
      if (now !== undefined && now.threads.length >= (longest?.threads.length ?? 0)) longest = now;
    }
    return longest?.threads;
  }

  #threadsOf(interpreter: Address): FoundThreads | undefined {
    const first = this.#words.read(interpreter + this.#layout.interpreter.threads_head);
    if (first === undefined) return undefined;
    const { threadState } = this.#layout;
    const { next, interp, thread_id, native_thread_id } = threadState;
    const bytes = new Uint8Array(Math.max(next, interp, thread_id, native_thread_id) + this.#words.size);
    const view = new DataView(bytes.buffer);
    const found: FoundThread[] = [];
    const met = new Set<Address>();
    let address = first;
    for (; address !== 0 && !met.has(address); address = this.#words.at(view, next)) {
      met.add(address);
      const isRead = this.#memory.readInto(address, bytes) === bytes.length;
      if (!isRead || this.#words.at(view, interp) !== interpreter) break;
      const tid = native_thread_id === ABSENT ? undefined : this.#threadIds.at(view, native_thread_id);
      found.push({ address, pythonId: this.#threadIds.at(view, thread_id), tid });
    }
    return { threads: found, isWhole: address === 0 };
  }

  #trackOf(
    { address, pythonId, tid }: FoundThread,
    interpreter: number,
    known: ThreadTrack | undefined,
  ): ThreadTrack {
    // What the thread calls itself, which in a pid namespace is not what we call it.
    const innerId = tid ?? this.#kernelIds.of(pythonId);
    const kernelId = innerId === 0 ? 0 : (this.#process.hostThreadId(innerId) ?? 0);
    if (known !== undefined && known.pythonId === pythonId && known.tid === kernelId) return known;
    const activity = kernelId === 0 ? undefined : this.#process.thread(kernelId);
    return new ThreadTrack(address, pythonId, interpreter, activity);
  }
}

/** What a walk of the lists meets, newest first. */
interface FoundInterpreter {
  readonly address: Address;
  readonly id: number;
  readonly gil: Address;
  readonly threads: readonly FoundThread[];
}

interface FoundThreads {
  readonly threads: readonly FoundThread[];
  /** It ended where a list ends. */
  readonly isWhole: boolean;
}

/** A thread that does not run yet, and what stands where its id will be. */
interface UnstartedThread {
  readonly threadState: Address;
  readonly idAddress: Address;
  readonly id: number;
  range: number;
}

export interface FoundThread {
  readonly address: Address;
  readonly pythonId: number;
  /** Undefined where Python does not tell it. */
  readonly tid: Tid | undefined;
}
