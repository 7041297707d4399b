import type { Nanoseconds } from "../sample-batch.js";

/**
 * How much later than usual is too late. On a busy machine who sleeps is woken when the kernel's clock ticks. Samples taken
 * then would meet work that has a rhythm in the same phases again and again: in twenty parts of a tick of 4 ms, one had twice
 * to four times as many as the others.
 */
const OVERSLEPT: Nanoseconds = 300_000;
/** Where nearly all points are overslept, some that follow the clock tell more than none. */
const MOST_IN_A_ROW = 4;
/** By how much one that is later raises the usual latency, and one that is sooner lowers it: half of them are either. */
const STEP: Nanoseconds = 2000;

/** How late the sampler wakes up for points of the schedule, and how samples are kept from following the clocks that wake it. */
export class WakeLatency {
  #usual: Nanoseconds = 0;
  #refusedInARow = 0;

  /**
   * How long after its point a sample is taken at the soonest that was slept for; on a virtual machine 85 µs at 1000 samples a second,
   * and 110 µs at 100, when the processor sleeps deeper. Timers that end around a tick are served along with it: the sampler
   * wakes up to 2.4 times as often in the 50 µs after a tick as in others.
   */
  get usual(): Nanoseconds {
    return this.#usual;
  }

  /**
   * Whether a point must not be taken now, because the sampler woke up so `late` for it; if not, {@link usual} follows. To be asked once
   * for each time it wakes.
   */
  refuse(late: Nanoseconds): boolean {
    const isOverslept = late >= this.#usual + OVERSLEPT;
    const isRefused = isOverslept && this.#refusedInARow < MOST_IN_A_ROW;
    this.#refusedInARow = isRefused ? this.#refusedInARow + 1 : 0;
    if (!isOverslept) this.#usual += late > this.#usual ? STEP : -STEP;
    return isRefused;
  }
}
