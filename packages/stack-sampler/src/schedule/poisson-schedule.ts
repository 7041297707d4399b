import type { Nanoseconds } from "../sample-batch.js";

/**
 * When to sample: points of a Poisson process, which meets periodic work in every phase.
 *
 * The schedule is absolute: how long a sample takes does not move the points after it. A point that
 * could not be kept because a sample took too long is taken late, unless the one after it is due as well: then it is missed.
 */
export class PoissonSchedule {
  readonly #meanInterval: Nanoseconds;
  readonly #random: () => number;
  #next: Nanoseconds;

  /** `rate` is points a second; `random` gives numbers from [0, 1). */
  constructor(rate: number, start: Nanoseconds, random: () => number = Math.random) {
    this.#meanInterval = 1e9 / rate;
    this.#random = random;
    this.#next = start + this.#interval();
  }

  /** The next point that has not been passed. */
  get next(): Nanoseconds {
    return this.#next;
  }

  /**
   * Passes every point that is due at `now`; returns how many there were. The last of them is the one to
   * take, those before it are missed.
   */
  passDue(now: Nanoseconds): number {
    let due = 0;
    while (this.#next <= now) {
      due += 1;
      this.#next += this.#interval();
    }
    return due;
  }

  #interval(): Nanoseconds {
    return -Math.log(1 - this.#random()) * this.#meanInterval;
  }
}
