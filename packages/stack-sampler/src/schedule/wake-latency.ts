import type { Nanoseconds } from "../sample-batch.js";

/**
 * How much later than usual is too late. On a busy machine who sleeps is woken when the kernel's clock ticks. Samples taken
 * then would meet work that has a rhythm in the same phases again and again: in twenty parts of a tick of 4 ms, one had twice
 * to four times as many as the others.
 */
const OVERSLEPT: Nanoseconds = 300_000;
/** Where nearly all points are overslept, some that follow the clock tell more than none. */
const MOST_IN_A_ROW = 4;
/** The share of points that are waited for, awake, because the sampler woke up for them sooner than usual. More would cost too much. */
const SOONER = 0.25;
/** By how much the usual latency follows one that was met. */
const STEP: Nanoseconds = 4000;

/** How late the sampler wakes up for points of the schedule, and how samples are kept from following the clocks that wake it. */
export class WakeLatency {
  #usual: Nanoseconds = 0;
  #refusedInARow = 0;

  /**
   * How long after its point a sample is taken at the soonest that was slept for: 110 µs at 1000 samples a second, 150 µs at 100, when
   * the processor sleeps deeper. Timers that end within some 50 µs of a tick are served along with it: samples that were taken as soon
   * as the sampler woke up were three times as many in the 50 µs after a tick, and half as many after those.
   */
  get usual(): Nanoseconds {
    return this.#usual;
  }

  /** Whether a point must not be taken now, because the sampler woke up so `late` for it. To be asked once for each time it wakes. */
  refuse(late: Nanoseconds): boolean {
    const isOverslept = late >= this.#usual + OVERSLEPT;
    const isRefused = isOverslept && this.#refusedInARow < MOST_IN_A_ROW;
    this.#refusedInARow = isRefused ? this.#refusedInARow + 1 : 0;
    // In the steady state, as many steps up as down.
    if (!isOverslept) this.#usual += late > this.#usual ? SOONER * STEP : (SOONER - 1) * STEP;
    return isRefused;
  }
}
