import type { Nanoseconds } from "../sample-batch.js";

/**
 * On a busy machine who sleeps is woken when the kernel's clock ticks. Samples taken then would meet work that has a rhythm in
 * the same phases again and again: in twenty parts of a tick of 4 ms, one had twice to four times as many as the others.
 */
const OVERSLEPT: Nanoseconds = 300_000;
/** Where nearly all points are overslept, some that follow the clock tell more than none. */
const MOST_IN_A_ROW = 4;

/** Refuses points of the schedule for which the sampler woke up too late. */
export class OversleptPoints {
  #inARow = 0;

  /** Whether a point must not be taken now, because the sampler woke up so `late` for it. To be asked once for each time it wakes. */
  refuse(late: Nanoseconds): boolean {
    const isRefused = late >= OVERSLEPT && this.#inARow < MOST_IN_A_ROW;
    this.#inARow = isRefused ? this.#inARow + 1 : 0;
    return isRefused;
  }
}
