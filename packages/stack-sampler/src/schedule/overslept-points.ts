import type { Nanoseconds } from "../sample-batch.js";

/**
 * On a busy machine who sleeps is woken when the kernel's clock ticks. Samples taken then would meet work that has a rhythm in
 * the same phases again and again: in twenty parts of a tick of 4 ms, one had twice to four times as many as the others.
 */
const OVERSLEPT: Nanoseconds = 300_000;
/** Where next to all points are overslept, some that follow the clock tell more than none. */
const MOST_IN_A_ROW = 4;

/** Tells when one has woken up too late to take a point of the schedule. */
export class OversleptPoints {
  #inARow = 0;

  /** Whether one that one woke up for so `late` is not to be taken now. */
  isTooLate(late: Nanoseconds): boolean {
    const isTooLate = late >= OVERSLEPT && this.#inARow < MOST_IN_A_ROW;
    this.#inARow = isTooLate ? this.#inARow + 1 : 0;
    return isTooLate;
  }
}
