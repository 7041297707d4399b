import type { Nanoseconds } from "../sample-batch.js";

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
    this.#next = start + this.#interval();
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
    while (this.#next <= now) {
      due += 1;
      this.#next += this.#interval();
    }
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

  #interval(): Nanoseconds {
    return -Math.log(1 - this.#random()) * this.#meanInterval;
  }
}
