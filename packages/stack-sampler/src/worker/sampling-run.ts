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
      if (processes.nextLook <= this.#clock) {
        if (!(await processes.look())) break;
        this.#tick();
      }
      const { python } = processes;
      if (python !== undefined) this.#begin(python);
      if (processes.sampled.length > 0) this.#sampleNext();
      else this.#sleepUntilLook();
    }
    const asked = this.#endReason();
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
      this.#sleep(Math.min(LONGEST_SLEEP_MILLISECONDS, this.#untilDeadline));
      this.#processes.checkAlive();
      return;
    }
    const { counters } = this.#builder;
    const now = this.#now();
    const untilSample = Math.min((schedule.next - now) / 1e6, this.#untilDeadline);
    if (untilSample > 0) {
      const wait = Math.min(untilSample, this.#processes.nextLook - this.#clock);
      if (wait > SLEEP_GRAIN_MILLISECONDS) this.#sleepUntil(schedule.next, wait);
      else this.#tick();
      // During a delay nothing is read that would show that it has ended.
      if (now < 0) this.#processes.checkAlive();
      return;
    }
    const due = schedule.passDue(now);
    if (due === 0) return;
    const delay = this.#stops?.delay(now) ?? 0;
    counters.scheduled += due;
    if (delay > 0) {
      // The points that go by are missed.
      counters.missed += due;
      this.#sleep(Math.min(delay / 1e6, this.#untilDeadline));
      this.#processes.checkAlive();
      return;
    }
    counters.missed += due - 1;
    counters.taken += 1;
    for (const process of this.#processes.sampled) process.sample(now, this.#clock);
    this.#tick();
    this.#costs.add(this.#now() - now);
    this.#postWhenDue();
  }

  #recordStop(stops: StopBudget, { duration, refused, late }: Stop): void {
    this.#tick();
    if (duration > 0) stops.record(this.#now(), duration);
    this.#costs.addUnstopped(refused, late);
  }

  #isPaused(): boolean {
    if (this.#control.isPaused) {
      this.#pausedSince ??= this.#now();
      return true;
    }
    this.#endPause();
    return false;
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
    return this.#endReason();
  }

  /** Why sampling is to end now although there is something to sample; undefined if it is not. */
  #endReason(): "stopped" | "duration" | undefined {
    if (this.#control.stopRequested) return "stopped";
    // How long a Python is waited for that should be there already is another matter.
    if (this.#start === undefined && this.#order.target.kind === "attach") return undefined;
    return this.#now() >= this.#deadline ? "duration" : undefined;
  }

  get #deadline(): Nanoseconds {
    return this.#order.duration === undefined ? Number.POSITIVE_INFINITY : this.#order.duration * 1e9;
  }

  get #untilDeadline(): number {
    return (this.#deadline - this.#now()) / 1e6;
  }

  #tick(): void {
    this.#clock = monotonicTime();
  }

  /** The time of the samples, as of the last {@link #tick}. */
  #now(): Nanoseconds {
    return (this.#clock - (this.#start ?? this.#opened)) * 1e6;
  }

  /** Sleeps until the point `next` can be taken. One that was overslept is put off, or missed if the one after it comes before. */
  #sleepUntil(next: Nanoseconds, milliseconds: number): void {
    this.#sleep(milliseconds);
    const late = this.#now() - next;
    if (late < 0) return;
    if (this.#latency.refuse(late)) {
      const missed = this.#schedule?.putOffDue(this.#now(), PUT_OFF_NANOSECONDS) ?? 0;
      this.#builder.counters.scheduled += missed;
      this.#builder.counters.missed += missed;
      return;
    }
    while (this.#now() < next + this.#latency.usual) this.#tick();
  }

  #sleep(milliseconds: number): void {
    const before = this.#clock;
    this.#postWhenDue();
    const longest = this.#processes.letGo() ? LATE_MILLISECONDS : LONGEST_SLEEP_MILLISECONDS;
    const time = Math.min(milliseconds - (this.#clock - before), longest);
    if (time <= LONGEST_NAP_MILLISECONDS) nap(time);
    else this.#control.wait(time);
    this.#tick();
  }

  /** Also where sampling takes all the time and there is no sleep. */
  #postWhenDue(): void {
    if (this.#clock < this.#nextPost && this.#builder.pendingSamples < BATCH_SAMPLES) return;
    this.#postBatch();
  }

  #postBatch(): void {
    const pause = (this.#clock - (this.#start ?? this.#clock)) * BATCH_SHARE;
    this.#nextPost =
      this.#clock + Math.min(LAST_BATCH_MILLISECONDS, Math.max(FIRST_BATCH_MILLISECONDS, pause));
    this.#post({ type: "batch", batch: this.#builder.take() });
    // It may take longer than a point can be overslept.
    this.#tick();
  }
}
