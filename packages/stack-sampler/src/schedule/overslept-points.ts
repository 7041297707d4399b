import type { Nanoseconds } from "../sample-batch.js";

/**
 * On a busy machine who sleeps is woken when the kernel's clock ticks. Samples taken then would meet work that has a rhythm in
 * the same phases again and again: in twenty parts of a tick of 4 ms, one had twice to four times as many as the others.
 */
const OVERSLEPT: Nanoseconds = 300_000;
/** Where next to all are overslept, one in three that follow the clock tells more than none. */
const MOST_IN_A_ROW = 2;

/** Tells which points of the schedule are missed because they were overslept. */
export class OversleptPoints {
  #inARow = 0;

  /** Whether a point is missed that one woke up for so `late`. */
  isMissed(late: Nanoseconds): boolean {
    const isMissed = late >= OVERSLEPT && this.#inARow < MOST_IN_A_ROW;
    this.#inARow = isMissed ? this.#inARow + 1 : 0;
    return isMissed;
  }
}
