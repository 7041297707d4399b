import type { Nanoseconds } from "../sample-batch.js";

/** How many mean intervals are passed at once, at most: e to the power of minus that is a number that is not too small to be multiplied. */
const MOST_INTERVALS = 600;

/**
 * When to sample: points of a Poisson process, which meets periodic work in every phase.
 *
 * The schedule is absolute: how long a sample takes does not move the points after it. A point that
 * could not be kept because a sample took too long is taken late, unless the one after it is due as well: then it is missed.
 * A point that was put off is treated the same way.
 */
export class PoissonSchedule {
  readonly #meanInterval: Nanoseconds;
  readonly #random: () => number;
  #next: Nanoseconds;
  /** When the point before the next one is to be taken that was put off; undefined if there is none. */
  #putOff: Nanoseconds | undefined;

  /** `rate` is points a second; `random` gives numbers from [0, 1). */
  constructor(rate: number, start: Nanoseconds, random: () => number = Math.random) {
    this.#meanInterval = 1e9 / rate;
    this.#random = random;
    this.#next = start - Math.log(1 - this.#random()) * this.#meanInterval;
  }

  /** The next point that has not been passed. */
  get next(): Nanoseconds {
    return this.#putOff ?? this.#next;
  }

  /**
   * Passes every point that is due at `now`; returns how many there were. The last of them is the one to
   * take, those before it are missed.
   */
  passDue(now: Nanoseconds): number {
    let due = 0;
    if (this.#putOff !== undefined && this.#putOff <= now) {
      due = 1;
      this.#putOff = undefined;
    }
    while (this.#next <= now) due += this.#pass(now);
    return due;
  }

  /**
   * Passes points up to `now`, but for so many that they have to be asked for again; returns how many. Intervals are the logarithms of
   * random numbers, so their sum is the logarithm of the product: one is enough for all points that go by between two samples.
   */
  #pass(now: Nanoseconds): number {
    const end = Math.exp(-Math.min((now - this.#next) / this.#meanInterval, MOST_INTERVALS));
    let due = 0;
    let product = 1;
    while (product >= end) {
      due += 1;
      product *= 1 - this.#random();
    }
    this.#next -= Math.log(product) * this.#meanInterval;
    return due;
  }

  /**
   * As {@link passDue}, but the last point that is due is put off to a random time within `longest` from now, unless the one
   * after it comes before that. Returns how many are missed.
   */
  putOffDue(now: Nanoseconds, longest: Nanoseconds): number {
    const due = this.passDue(now);
    const later = now + this.#random() * longest;
    if (due === 0 || later >= this.#next) return due;
    this.#putOff = later;
    return due - 1;
  }
}
