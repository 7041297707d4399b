import { nap, StopBudget } from "@pyspy/proc-memory";
import { KnownBinaries } from "../discovery/runtime-finder.js";
import { BatchBuilder } from "../intern/batch-builder.js";
import { monotonicTime } from "../monotonic-time.js";
import type { Nanoseconds } from "../sample-batch.js";
import type { PythonDescription, SamplingStatistics } from "../sampler.js";
import type { SamplerError } from "../sampler-error.js";
import { PoissonSchedule } from "../schedule/poisson-schedule.js";
import { SamplingCosts } from "../schedule/sampling-costs.js";
import { WakeLatency } from "../schedule/wake-latency.js";
import type { Stop } from "../threads/while-stopped.js";
import type { ControlBlock } from "./control-block.js";
import { endedTooSoon } from "./ended-too-soon.js";
import { problemOf, type SessionEnd, type SessionMessage, type SessionOrder } from "./protocol.js";
import { SampledProcesses, type SampledRoots } from "./sampled-processes.js";

/**
 * A batch is handed out when the sampling has gone on for a quarter longer, within these limits, or when it has so many samples: what is
 * awaited in the beginning comes soon, and later what it takes to hand it out does not count.
 */
const FIRST_BATCH_MILLISECONDS = 200;
const LAST_BATCH_MILLISECONDS = 1000;
const BATCH_SHARE = 0.25;
const BATCH_SAMPLES = 1 << 16;
/** How long it is slept at most before it is seen what else has to be done; and that nothing has to be able to end. */
const LONGEST_SLEEP_MILLISECONDS = 200;
/** One system call instead of two. At 100 samples a second seven sleeps of a thousand are longer. */
const LONGEST_NAP_MILLISECONDS = 50;
/** Sleeping is not finer than this; the rest is waited out awake. */
const SLEEP_GRAIN_MILLISECONDS = 0.1;
/** A point that was overslept is put off by up to this: whole ticks, whether there are 100, 250, 300 or 1000 of them a second. */
const PUT_OFF_NANOSECONDS = 20_000_000;
/** How often it is seen to that threads that did not stop in time are let go. */
const LATE_MILLISECONDS = 2;
const UNKNOWN = -1;

/** The sampling of processes on one schedule: at each of its points all of them are sampled, one after the other. */
export class SamplingRun {
  readonly #order: SessionOrder;
  readonly #control: ControlBlock;
  readonly #post: (message: SessionMessage) => void;
  /** Does what else was asked for. */
  readonly #attend: () => void;
  readonly #builder = new BatchBuilder();
  readonly #processes: SampledProcesses;
  readonly #opened = monotonicTime();
  /** {@link monotonicTime} as it was last looked at: once a sample, since at the highest rates that is a hundredth of it. */
  #clock = this.#opened;
  /** {@link monotonicTime} when sampling began, which is time 0 of the samples. */
  #start: number | undefined;
  #schedule: PoissonSchedule | undefined;
  readonly #latency = new WakeLatency();
  readonly #costs = new SamplingCosts();
  readonly #stops: StopBudget | undefined;
  #nextPost = this.#opened + FIRST_BATCH_MILLISECONDS;
  /** {@link monotonicTime} when the time is over that was asked for. */
  #endsAt: number;
  /** Of all pauses that are over, and when the one that is not began. */
  #paused: Nanoseconds = 0;
  #pausedSince: Nanoseconds | undefined;

  constructor(
    roots: SampledRoots,
    order: SessionOrder,
    control: ControlBlock,
    post: (message: SessionMessage) => void,
    attend: () => void,
  ) {
    this.#order = order;
    this.#control = control;
    this.#post = post;
    this.#attend = attend;
    // How long a Python is waited for that should be there already is another matter.
    this.#endsAt = order.target.kind === "attach" ? Number.POSITIVE_INFINITY : this.#endOf(this.#opened);
    if (order.resident) this.#builder.resident = UNKNOWN;
    const stops = order.blocking ? new StopBudget(order.stopBudget) : undefined;
    this.#stops = stops;
    const shared = {
      builder: this.#builder,
      known: new KnownBinaries(),
      idle: order.idle,
      choice: order.choice,
      tasks: order.tasks,
      rate: order.rate,
      onStopped: stops && ((stop: Stop) => this.#recordStop(stops, stop)),
    };
    this.#processes = new SampledProcesses(roots, order, shared);
  }

  /** Samples until the end. */
  async run(): Promise<SessionEnd> {
    const processes = this.#processes;
    // Where sampling takes all the time, a promise for each sample would be a tenth of it.
    while (this.#hear() === undefined) {
      this.#postWhenDue();
      if (processes.nextLook <= this.#clock) {
        if (!(await processes.look())) break;
        this.#tick();
        if (processes.python !== undefined) this.#begin(processes.python);
      }
      if (processes.sampled.length > 0) this.#sampleNext();
      else this.#sleepUntilLook();
    }
    const asked = this.#hear();
    processes.close();
    let { problem } = processes;
    const reason = problem === undefined ? (asked ?? "exited") : "failed";
    if (reason !== "failed" && processes.python === undefined) problem = this.#foundNothing(reason);
    this.#postBatch();
    this.#endPause();
    const seconds = this.#start === undefined ? 0 : Math.max(0, this.#now() / 1e9);
    const paused = this.#paused / 1e9;
    return {
      reason,
      seconds,
      paused,
      statistics: this.#start === undefined ? undefined : this.#statistics(seconds - paused),
      python: processes.python,
      pythons: processes.pythons,
      others: processes.others,
      problem: problem && problemOf(problem),
    };
  }

  #begin(python: PythonDescription): void {
    if (this.#start !== undefined) return;
    this.#start = this.#clock + this.#order.delay * 1000;
    this.#endsAt = this.#endOf(this.#start);
    this.#schedule = new PoissonSchedule(this.#order.rate, 0);
    this.#post({ type: "python", python });
  }

  #foundNothing(reason: "stopped" | "duration" | "exited"): SamplerError {
    return endedTooSoon(this.#order.target, reason, this.#processes.exitStatus);
  }

  /** While there is nothing to sample, points of the schedule that go by are not missed. */
  #sleepUntilLook(): void {
    this.#sleep(this.#processes.nextLook - this.#clock);
    this.#schedule?.passDue(this.#now());
  }

  /** Waits for the next point of the schedule, unless there is something to look at before, and takes the sample. */
  #sampleNext(): void {
    const schedule = this.#schedule;
    if (schedule === undefined) return;
    if (this.#isPaused()) {
      this.#sleep(Math.min(LONGEST_SLEEP_MILLISECONDS, this.#endsAt - this.#clock));
      this.#processes.checkAlive();
      return;
    }
    if (this.#now() < schedule.next) {
      if (!this.#waitFor(schedule)) return;
      // Much may have been asked for meanwhile, and the time may be over.
      if (this.#hear() !== undefined || this.#control.isPaused) return;
    }
    const now = this.#now();
    const due = schedule.passDue(now);
    // Times are rounded.
    if (due === 0) return;
    const delay = this.#stops?.delay(now) ?? 0;
    const { counters } = this.#builder;
    counters.scheduled += due;
    if (delay > 0) {
      // The points that go by are missed.
      counters.missed += due;
      this.#sleep(Math.min(delay / 1e6, this.#endsAt - this.#clock));
      this.#processes.checkAlive();
      return;
    }
    counters.missed += due - 1;
    counters.taken += 1;
    this.#processes.sample(now, this.#clock);
    this.#tick();
    this.#costs.add(this.#now() - now);
  }

  #recordStop(stops: StopBudget, { duration, refused, late }: Stop): void {
    this.#tick();
    if (duration > 0) stops.record(this.#now(), duration);
    this.#costs.addUnstopped(refused, late);
  }

  #isPaused(): boolean {
    const { isPaused } = this.#control;
    if (isPaused) this.#pausedSince ??= this.#now();
    else this.#endPause();
    return isPaused;
  }

  /** The points that have gone by were not meant to be taken. */
  #endPause(): void {
    if (this.#pausedSince === undefined) return;
    const now = this.#now();
    this.#paused += now - this.#pausedSince;
    this.#pausedSince = undefined;
    this.#schedule?.passDue(now);
  }

  #statistics(seconds: number): SamplingStatistics {
    const { read, lookCalls, turns } = this.#processes.costs;
    return this.#costs.statistics(seconds, read, lookCalls, turns, this.#stops);
  }

  /** Does what was asked for since the last call, and says why sampling is to end now, if it is. What is asked for later ends a wait. */
  #hear(): "stopped" | "duration" | undefined {
    if (this.#control.hasNews()) this.#attend();
    if (this.#control.stopRequested) return "stopped";
    return this.#clock >= this.#endsAt ? "duration" : undefined;
  }

  /** When the time is over that was asked for, if it begins at `start`. */
  #endOf(start: number): number {
    const { duration } = this.#order;
    return duration === undefined ? Number.POSITIVE_INFINITY : start + duration * 1000;
  }

  #tick(): void {
    this.#clock = monotonicTime();
  }

  /** The time of the samples, as of the last {@link #tick}. */
  #now(): Nanoseconds {
    return (this.#clock - (this.#start ?? this.#opened)) * 1e6;
  }

  /**
   * Waits for the next point of the schedule, unless there is something else to do before; true if it is to be taken now. One that
   * was overslept is put off, or missed if the one after it comes before that.
   */
  #waitFor(schedule: PoissonSchedule): boolean {
    const start = this.#start ?? this.#opened;
    const point = start + schedule.next / 1e6;
    // During a delay nothing is read that would show that it has ended.
    if (this.#clock < start) this.#processes.checkAlive();
    const wait = Math.min(point, this.#endsAt, this.#processes.nextLook) - this.#clock;
    if (wait <= SLEEP_GRAIN_MILLISECONDS) {
      this.#tick();
      return this.#clock >= point;
    }
    this.#sleep(wait);
    const late = (this.#clock - point) * 1e6;
    if (late < 0) return false;
    if (this.#latency.refuse(late)) {
      const missed = schedule.putOffDue(this.#now(), PUT_OFF_NANOSECONDS);
      this.#builder.counters.scheduled += missed;
      this.#builder.counters.missed += missed;
      return false;
    }
    const soonest = point + this.#latency.usual / 1e6;
    while (this.#clock < soonest) this.#tick();
    return true;
  }

  #sleep(milliseconds: number): void {
    const isLate = this.#stops !== undefined && this.#processes.letGo();
    const time = Math.min(milliseconds, isLate ? LATE_MILLISECONDS : LONGEST_SLEEP_MILLISECONDS);
    if (time <= LONGEST_NAP_MILLISECONDS) nap(time);
    else this.#control.wait(time);
    this.#tick();
  }

  #postWhenDue(): void {
    if (this.#clock < this.#nextPost && this.#builder.pendingSamples < BATCH_SAMPLES) return;
    this.#postBatch();
  }

  #postBatch(): void {
    const pause = (this.#clock - (this.#start ?? this.#clock)) * BATCH_SHARE;
    this.#nextPost =
      this.#clock + Math.min(LAST_BATCH_MILLISECONDS, Math.max(FIRST_BATCH_MILLISECONDS, pause));
    this.#post({ type: "batch", batch: this.#builder.take() });
    this.#tick();
  }
}
