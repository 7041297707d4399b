import {
  type Address,
  type LiveProcess,
  openThreadStopper,
  type ReadCosts,
  StopBudget,
  type ThreadStopper,
  type Tid,
} from "@pyspy/proc-memory";
import { RuntimeFinder } from "../discovery/runtime-finder.js";
import { BatchBuilder } from "../intern/batch-builder.js";
import type { PythonRuntime } from "../python/python-runtime.js";
import { StackReader } from "../python/stack-reader.js";
import type { Nanoseconds, ProcessId } from "../sample-batch.js";
import type { PythonDescription, SamplingStatistics } from "../sampler.js";
import type { SamplerError } from "../sampler-error.js";
import { samplerErrorOf } from "../sampler-error-of.js";
import { PoissonSchedule } from "../schedule/poisson-schedule.js";
import { SamplingCosts } from "../schedule/sampling-costs.js";
import type { ControlBlock } from "./control-block.js";
import { endedTooSoon } from "./ended-too-soon.js";
import { problemOf, type SessionEnd, type SessionMessage, type SessionOrder } from "./protocol.js";
import { attachPatience, describePython, type Patience, waitForPython } from "./python-wait.js";

/** A batch is handed out this often, or when it has so many samples. */
const BATCH_MILLISECONDS = 200;
const BATCH_SAMPLES = 1 << 16;
/** Sleeping is not finer than this; the rest is waited out awake. */
const SLEEP_GRAIN_MILLISECONDS = 0.1;
const NO_PARENT = -1;
/** How often it is seen to that threads that did not stop in time are let go. */
const LATE_MILLISECONDS = 2;
/** When a look is taken for other Pythons than the first one. */
const FIRST_LOOK_MILLISECONDS = 100;
/** How often that is repeated for those that are loaded later, unless looks are so slow that they would take a 200th of the time. */
const LOOK_MILLISECONDS = 1000;
const LOOK_SHARE = 200;

/** The sampling of one process, through as many Pythons as it executes. */
export class SamplingRun {
  readonly #process: LiveProcess;
  readonly #order: SessionOrder;
  readonly #control: ControlBlock;
  readonly #post: (message: SessionMessage) => void;
  /** What else has to be done from time to time. */
  readonly #attend: () => void;
  readonly #finder: RuntimeFinder;
  readonly #builder = new BatchBuilder();
  readonly #record: ProcessId;
  #python: PythonDescription | undefined;
  readonly #opened = performance.now();
  /** `performance.now()` when sampling began, which is time 0 of the samples. */
  #start: number | undefined;
  #schedule: PoissonSchedule | undefined;
  readonly #costs = new SamplingCosts();
  #stopper: ThreadStopper | undefined;
  readonly #stops: StopBudget | undefined;
  /** {@link ReadCosts} before the first sample, of which finding the Python was a part. */
  #found: ReadCosts = { calls: 0, bytes: 0 };
  /** Of readers that have ended. */
  #lookCalls = 0;
  #turns = 1;
  #lastPost = performance.now();
  #nextLook = 0;

  constructor(
    process: LiveProcess,
    order: SessionOrder,
    control: ControlBlock,
    post: (message: SessionMessage) => void,
    attend: () => void,
  ) {
    this.#process = process;
    this.#order = order;
    this.#control = control;
    this.#post = post;
    this.#attend = attend;
    this.#finder = new RuntimeFinder(process);
    if (order.blocking) this.#stops = new StopBudget(order.stopBudget);
    const { pid, startTime, commandLine } = process;
    this.#record = this.#builder.addProcess({ pid, startTime, commandLine, parent: NO_PARENT });
  }

  /** Samples until the end. */
  async run(): Promise<SessionEnd> {
    let problem: SamplerError | undefined;
    try {
      while (await this.#samplePythons());
    } catch (error) {
      problem = samplerErrorOf(error);
    }
    if (problem?.code === "exited") problem = undefined;
    this.#stopper?.close();
    const reason = problem === undefined ? (this.#endReason() ?? "exited") : "failed";
    if (reason !== "failed" && this.#python === undefined)
      problem = endedTooSoon(this.#order.target, reason, this.#process.exitStatus());
    this.#postBatch();
    const seconds = this.#start === undefined ? 0 : this.#now() / 1e9;
    return {
      reason,
      seconds,
      statistics: this.#start === undefined ? undefined : this.#statistics(seconds),
      python: this.#python,
      problem: problem && problemOf(problem),
    };
  }

  /** Finds the Pythons and samples them until they cannot be read any more. False if that is the end. */
  async #samplePythons(): Promise<boolean> {
    const runtimes = await waitForPython(this.#process, this.#finder, this.#patience(), (pause) => {
      this.#sleep(pause);
      return this.#isLaunched ? this.#endReason() === undefined : !this.#control.stopRequested;
    });
    if (runtimes === undefined) return false;
    if (this.#order.blocking) this.#stopper ??= openThreadStopper(this.#process.pid);
    this.#begin(runtimes);
    const readers = new Map<Address, StackReader>();
    this.#addReaders(readers, runtimes);
    try {
      while (this.#endReason() === undefined) {
        if (!this.#sampleNext(readers)) return true;
        if (performance.now() > this.#nextLook && !(await this.#lookForMore(readers))) return true;
      }
      return false;
    } finally {
      for (const reader of readers.values()) {
        this.#lookCalls += reader.lookCalls;
        this.#turns = Math.max(this.#turns, reader.turns);
        reader.close();
      }
    }
  }

  /** Waits for the next point of the schedule and takes the sample. False if no Python can be read any more. */
  #sampleNext(readers: ReadonlyMap<Address, StackReader>): boolean {
    const schedule = this.#schedule;
    if (schedule === undefined) return false;
    const { counters } = this.#builder;
    const wait = Math.min((schedule.next - this.#now()) / 1e6, this.#untilDeadline);
    if (wait > 0) {
      if (wait > SLEEP_GRAIN_MILLISECONDS) this.#sleep(wait);
      return true;
    }
    const now = this.#now();
    const due = schedule.passDue(now);
    if (due === 0) return true;
    const delay = this.#stops?.delay(now) ?? 0;
    if (delay > 0) {
      // The points that go by are missed.
      counters.scheduled += due;
      counters.missed += due;
      this.#sleep(Math.min(delay / 1e6, this.#untilDeadline));
      return this.#process.isAlive();
    }
    counters.scheduled += due;
    counters.missed += due - 1;
    counters.taken += 1;
    let isThere = false;
    for (const reader of readers.values()) isThere = reader.sample(now) || isThere;
    this.#costs.add(this.#now() - now);
    this.#attendWhenDue();
    return isThere;
  }

  /**
   * A program may load a second Python later than its first. False if one that was there is not there any more: then
   * those that are may be another program's, which was executed since the last sample.
   */
  async #lookForMore(readers: Map<Address, StackReader>): Promise<boolean> {
    const start = performance.now();
    const discovery = await this.#finder.findAll();
    const now = performance.now();
    this.#nextLook = now + Math.max(LOOK_MILLISECONDS, (now - start) * LOOK_SHARE);
    // Nothing that was found can also be a read that failed: the next sample will tell.
    if (discovery.kind !== "found") return true;
    const { runtimes } = discovery;
    const isSame = [...readers.values()].every((reader) => runtimes.some((each) => reader.reads(each)));
    if (isSame) this.#addReaders(readers, runtimes);
    return isSame;
  }

  #addReaders(readers: Map<Address, StackReader>, runtimes: readonly PythonRuntime[]): void {
    const stopper = this.#stopper;
    for (const runtime of runtimes) {
      if (readers.has(runtime.interpretersHead)) continue;
      const reader = new StackReader(this.#process, runtime, this.#builder, this.#record, {
        ...this.#order,
        stop: stopper && ((tids, read) => this.#stopFor(stopper, tids, read)),
      });
      readers.set(runtime.interpretersHead, reader);
    }
  }

  #begin([first]: readonly PythonRuntime[]): void {
    this.#nextLook = performance.now() + FIRST_LOOK_MILLISECONDS;
    if (first === undefined) return;
    this.#python = describePython(this.#process, first);
    if (this.#start !== undefined) return;
    this.#start = performance.now();
    this.#found = { ...this.#readCosts };
    this.#schedule = new PoissonSchedule(this.#order.rate, 0);
    this.#post({ type: "python", python: this.#python });
  }

  /** Has these threads stand still while `read` looks at them. */
  #stopFor(stopper: ThreadStopper, tids: readonly Tid[], read: () => void): void {
    try {
      stopper.stop(tids);
      read();
    } finally {
      const duration = stopper.resume();
      if (duration > 0) this.#stops?.record(this.#now(), duration);
    }
  }

  get #readCosts(): ReadCosts {
    return this.#process.memory.costs ?? { calls: 0, bytes: 0 };
  }

  #statistics(seconds: number): SamplingStatistics {
    const { calls, bytes } = this.#readCosts;
    const read = { calls: calls - this.#found.calls, bytes: bytes - this.#found.bytes };
    return this.#costs.statistics(seconds, read, this.#lookCalls, this.#turns, this.#stops);
  }

  /** Why sampling is to end now although the process goes on; undefined if it is not. */
  #endReason(): "stopped" | "duration" | undefined {
    if (this.#control.stopRequested) return "stopped";
    return this.#now() >= this.#deadline ? "duration" : undefined;
  }

  get #deadline(): Nanoseconds {
    return this.#order.duration === undefined ? Number.POSITIVE_INFINITY : this.#order.duration * 1e9;
  }

  get #untilDeadline(): number {
    return (this.#deadline - this.#now()) / 1e6;
  }

  #now(): Nanoseconds {
    return (performance.now() - (this.#start ?? this.#opened)) * 1e6;
  }

  #sleep(milliseconds: number): void {
    this.#attend();
    this.#attendWhenDue();
    const isLate = this.#stopper !== undefined && this.#stopper.late > 0;
    if (isLate) this.#stopper?.resume();
    this.#control.wait(Math.min(milliseconds, isLate ? LATE_MILLISECONDS : BATCH_MILLISECONDS));
  }

  /** What may not wait for the next sleep: where sampling takes all the time, there is none. */
  #attendWhenDue(): void {
    const untilPost = this.#lastPost + BATCH_MILLISECONDS - performance.now();
    if (untilPost > 0 && this.#builder.pendingSamples < BATCH_SAMPLES) return;
    this.#attend();
    this.#postBatch();
  }

  #postBatch(): void {
    this.#lastPost = performance.now();
    this.#post({ type: "batch", batch: this.#builder.take() });
  }

  get #isLaunched(): boolean {
    return this.#order.target.kind === "launch";
  }

  /** A program that we launched is ours to wait for; one that we attach to should be a Python already. */
  #patience(): Patience {
    if (this.#isLaunched) return { absent: Number.POSITIVE_INFINITY, starting: Number.POSITIVE_INFINITY };
    return attachPatience(this.#process, this.#order);
  }
}
