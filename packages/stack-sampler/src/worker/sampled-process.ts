import {
  type Address,
  type LiveProcess,
  type MemoryMap,
  openThreadStopper,
  type ReadCosts,
  type ThreadStopper,
} from "@pyspy/proc-memory";
import type { Discovery } from "../discovery/discovery.js";
import { discoveryError } from "../discovery/discovery-error.js";
import { type KnownBinaries, RuntimeFinder } from "../discovery/runtime-finder.js";
import type { BatchBuilder } from "../intern/batch-builder.js";
import { monotonicTime } from "../monotonic-time.js";
import type { PythonRuntime } from "../python/python-runtime.js";
import { StackReader } from "../python/stack-reader.js";
import type { ThreadChoice } from "../python/thread-choice.js";
import type { Nanoseconds, ProcessId } from "../sample-batch.js";
import type { PythonDescription } from "../sampler.js";
import type { SamplerError } from "../sampler-error.js";
import { samplerErrorOf } from "../sampler-error-of.js";
import { taskSamples } from "../tasks/task-samples.js";
import { type Stop, whileStopped } from "../threads/while-stopped.js";
import { describePython, FIRST_PAUSE, isWorthWaiting, type Patience } from "./python-wait.js";

/** When a look is taken for other Pythons than the first one. */
const FIRST_LOOK_MILLISECONDS = 100;
/** How often that is repeated for those that are loaded later, unless looks do so much that they would take a 200th of a processor. */
const LOOK_MILLISECONDS = 1000;
const LOOK_SHARE = 200;

/** What the processes of one run have in common. */
export interface SharedSampling {
  readonly builder: BatchBuilder;
  readonly known: KnownBinaries;
  readonly idle: boolean;
  readonly choice: ThreadChoice;
  readonly tasks: boolean;
  readonly rate: number;
  /** Threads stand still while they are read; told what came of that. */
  readonly onStopped: ((stop: Stop) => void) | undefined;
}

/** How one of them is looked for a Python. */
export interface Search {
  readonly patience: Patience;
  /** How much longer each pause between two looks is than the last one, up to the longest, in milliseconds. */
  readonly growth: number;
  readonly longestPause: number;
  /** Whether it runs in another one's memory for now, whose Python is not its own. */
  readonly isBorrowing?: () => boolean;
}

/**
 * One process, through as many Pythons as it executes: it is looked at until there is one, which is sampled until it is gone.
 * Looks are to be asked for when they are due, so that many processes can be waited for at once.
 */
export class SampledProcess {
  readonly process: LiveProcess;
  readonly #shared: SharedSampling;
  readonly #search: Search;
  readonly #describe: () => ProcessId;
  readonly #finder: RuntimeFinder;
  readonly #readers = new Map<Address, StackReader>();
  #stopper: ThreadStopper | undefined;
  #state: "looking" | "sampled" | "ended" = "looking";
  #lookingSince = monotonicTime();
  #pause = FIRST_PAUSE;
  #record: ProcessId = 0;
  /** {@link ReadCosts} before the first sample, of which finding the Python was a part. */
  #found: ReadCosts | undefined;
  /** Of readers that have ended. */
  #lookCalls = 0;
  #turns = 1;
  /** What the last look has found. */
  #seen: Discovery["kind"] | undefined;
  /** {@link monotonicTime} when it is to be looked at. */
  nextLook = 0;
  /** The last one that was found. */
  python: PythonDescription | undefined;
  /** Why it cannot be sampled, or not any more; undefined if it has exited. */
  problem: SamplerError | undefined;

  /** @param describe describes it as it is when a Python was found in it */
  constructor(process: LiveProcess, shared: SharedSampling, search: Search, describe: () => ProcessId) {
    this.process = process;
    this.#shared = shared;
    this.#search = search;
    this.#describe = describe;
    this.#finder = new RuntimeFinder(process, shared.known);
  }

  get state(): "looking" | "sampled" | "ended" {
    return this.#state;
  }

  /** How long it has been looked for a Python, in milliseconds. */
  get waited(): number {
    return monotonicTime() - this.#lookingSince;
  }

  /** There was no Python in it when it was looked at last, and it had not ended. */
  get isWithout(): boolean {
    return this.#seen === "absent";
  }

  /** There is a Python in it that cannot be sampled yet. */
  get isStarting(): boolean {
    return this.#state === "looking" && this.#seen === "starting";
  }

  /** Looks for a Python, or for more of them. */
  async look(): Promise<void> {
    try {
      await (this.#state === "sampled" ? this.#lookForMore() : this.#lookForFirst());
    } catch (error) {
      this.end(samplerErrorOf(error));
    }
  }

  /** Takes the stacks of all of its threads, as {@link StackReader.sample} does. */
  sample(time: Nanoseconds, now: number): void {
    const { builder } = this.#shared;
    if (builder.resident !== undefined) builder.resident = this.process.residentBytes() ?? -1;
    let isThere = false;
    for (const reader of this.#readers.values()) isThere = reader.sample(time, now) || isThere;
    if (!isThere) this.#lookAgain();
  }

  /** Sees to it that threads that did not stop in time are let go. True if there are some. */
  letGo(): boolean {
    if (this.#stopper === undefined || this.#stopper.late === 0) return false;
    this.#stopper.resume();
    return true;
  }

  /** Nothing more is sampled of it. */
  end(problem?: SamplerError): void {
    if (this.#state === "ended") return;
    this.problem = problem?.code === "exited" ? undefined : problem;
    this.#closeReaders();
    this.#stopper?.close();
    this.#state = "ended";
  }

  /** What sampling it has taken; final when it has {@link end}ed. */
  get costs(): { readonly read: ReadCosts; readonly lookCalls: number; readonly turns: number } {
    const { calls, bytes } = this.process.memory.costs ?? { calls: 0, bytes: 0 };
    const found = this.#found ?? { calls, bytes };
    const read = { calls: calls - found.calls, bytes: bytes - found.bytes };
    return { read, lookCalls: this.#lookCalls, turns: this.#turns };
  }

  async #lookForFirst(): Promise<void> {
    if (this.#search.isBorrowing?.()) {
      this.#lookingSince = monotonicTime();
      this.nextLook = this.#lookingSince + FIRST_PAUSE;
      return;
    }
    const began = monotonicTime();
    const discovery = await this.#finder.find();
    if (discovery.kind === "found") {
      this.#seen = discovery.kind;
      this.#begin(discovery.runtimes, discovery.maps);
      return;
    }
    if (!this.process.isAlive()) {
      this.end();
      return;
    }
    this.#seen = discovery.kind;
    // A first look takes long, at a large binary of which the process may be about to execute another.
    const since = this.#lookingSince;
    if (!isWorthWaiting(discovery, this.#search.patience, began - since)) {
      this.end(discoveryError(this.process, discovery, monotonicTime() - since));
      return;
    }
    this.nextLook = monotonicTime() + this.#pause;
    this.#pause = Math.min(this.#pause * this.#search.growth, this.#search.longestPause);
  }

  /**
   * A program may load a second Python later than its first. If one that was there is not there any more, those that
   * are may be another program's, which was executed since the last sample.
   */
  async #lookForMore(): Promise<void> {
    // Not how long it takes: on a busy machine that is long without doing much.
    const before = process.cpuUsage();
    const discovery = await this.#finder.findAll();
    const { user, system } = process.cpuUsage(before);
    const cost = (user + system) / 1000;
    this.nextLook = monotonicTime() + Math.max(LOOK_MILLISECONDS, cost * LOOK_SHARE);
    // Nothing that was found can also be a read that failed: the next sample will tell.
    if (discovery.kind !== "found") return;
    const { runtimes, maps } = discovery;
    const isSame = [...this.#readers.values()].every((reader) => runtimes.some((each) => reader.reads(each)));
    if (isSame) this.#addReaders(runtimes, maps);
    else this.#lookAgain();
  }

  #begin(runtimes: readonly PythonRuntime[], maps: readonly MemoryMap[] | undefined): void {
    const [first] = runtimes;
    if (first === undefined) return;
    if (this.#shared.onStopped !== undefined) this.#stopper ??= openThreadStopper(this.process.pid);
    this.python = describePython(this.process, first);
    this.#record = this.#describe();
    this.#found ??= { ...(this.process.memory.costs ?? { calls: 0, bytes: 0 }) };
    this.#state = "sampled";
    this.nextLook = monotonicTime() + FIRST_LOOK_MILLISECONDS;
    this.#addReaders(runtimes, maps);
  }

  #addReaders(runtimes: readonly PythonRuntime[], maps: readonly MemoryMap[] | undefined): void {
    const { builder, idle, choice, rate, tasks, onStopped } = this.#shared;
    const stopper = this.#stopper;
    for (const runtime of runtimes) {
      if (this.#readers.has(runtime.interpretersHead)) continue;
      const record = this.#record;
      const reader = new StackReader(this.process, runtime, builder, record, {
        ...{ idle, choice, rate, maps },
        stop: stopper && ((tids, read) => whileStopped(stopper, tids, read, onStopped)),
        onTaken: tasks ? taskSamples(this.process, runtime, builder, { record, idle }) : undefined,
      });
      this.#readers.set(runtime.interpretersHead, reader);
    }
  }

  #lookAgain(): void {
    this.#closeReaders();
    this.#state = "looking";
    this.#lookingSince = monotonicTime();
    this.#pause = FIRST_PAUSE;
    this.nextLook = 0;
  }

  #closeReaders(): void {
    for (const reader of this.#readers.values()) {
      this.#lookCalls += reader.lookCalls;
      this.#turns = Math.max(this.#turns, reader.turns);
      reader.close();
    }
    this.#readers.clear();
  }
}
