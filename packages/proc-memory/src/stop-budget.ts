/** A time or duration. */
export type Nanoseconds = number;

/** How long a process was stopped. */
export interface StopStatistics {
  readonly count: number;
  readonly total: Nanoseconds;
  readonly longest: Nanoseconds;
  /** Half of the stops, and 99 of 100, were not longer; within 2 %. */
  readonly p50: Nanoseconds;
  readonly p99: Nanoseconds;
}

const DEFAULT_SHARE = 0.01;
/** What was not used is saved for this long, so that one long stop among short ones puts off none. */
const SAVING_TIME: Nanoseconds = 1e9;
/** Durations are counted by size, 32 sizes to a doubling, so that hours of stops take no more memory than seconds. */
const SIZES_PER_DOUBLING = 32;
const SIZES = 64 * SIZES_PER_DOUBLING;

/**
 * Keeps the time that a process is stopped below a share of all time. Each stop is paid for by waiting: from the first
 * stop to any later time, the stops took at most that share of the time, and the last of them.
 *
 * ```ts
 * const budget = new StopBudget();
 * const wait = budget.delay(now());
 * if (wait > 0) sleep(wait);
 * budget.record(now(), stopAndResume());
 * if (budget.tellOnce()) console.error("stopping takes longer than it may: sampling slows down");
 * ```
 */
export class StopBudget {
  readonly share: number;
  /** What may be used, at the time {@link #asOf}; negative after a stop. */
  #saved: Nanoseconds = 0;
  #asOf: Nanoseconds | undefined;
  #isExceeded = false;
  #isTold = false;
  readonly #sizes = new Uint32Array(SIZES);
  #count = 0;
  #total: Nanoseconds = 0;
  #longest: Nanoseconds = 0;

  /** `share` is of wall time, more than 0 and at most 1; default: 0.01. */
  constructor(share = DEFAULT_SHARE) {
    if (!(share > 0 && share <= 1)) throw new RangeError(`A share of time is in (0, 1]: ${share}`);
    this.share = share;
  }

  /** How long the next stop has to wait at the time `now`; 0 if it may be now. To be asked when a stop is due. */
  delay(now: Nanoseconds): Nanoseconds {
    this.#save(now);
    if (this.#saved >= 0) return 0;
    this.#isExceeded = true;
    return Math.ceil(-this.#saved / this.share);
  }

  /** A stop has ended at the time `now` that took `duration`. */
  record(now: Nanoseconds, duration: Nanoseconds): void {
    // The first stop begins the time that counts.
    this.#asOf ??= now - duration;
    this.#save(now);
    this.#saved -= duration;
    this.#count += 1;
    this.#total += duration;
    this.#longest = Math.max(this.#longest, duration);
    const size = sizeOf(duration);
    this.#sizes[size] = (this.#sizes[size] ?? 0) + 1;
  }

  /** Whether a stop has ever had to wait, which makes the rate lower than what was asked for. */
  get isExceeded(): boolean {
    return this.#isExceeded;
  }

  /** True once, when {@link isExceeded} has become true: whoever asks tells it. */
  tellOnce(): boolean {
    if (!this.#isExceeded || this.#isTold) return false;
    this.#isTold = true;
    return true;
  }

  get statistics(): StopStatistics {
    return {
      count: this.#count,
      total: this.#total,
      longest: this.#longest,
      p50: this.#quantile(0.5),
      p99: this.#quantile(0.99),
    };
  }

  #save(now: Nanoseconds): void {
    if (this.#asOf === undefined || now <= this.#asOf) return;
    const most = SAVING_TIME * this.share;
    this.#saved = Math.min(most, this.#saved + (now - this.#asOf) * this.share);
    this.#asOf = now;
  }

  #quantile(quantile: number): Nanoseconds {
    let left = Math.ceil(this.#count * quantile);
    if (left === 0) return 0;
    const size = this.#sizes.findIndex((count) => {
      left -= count;
      return left <= 0;
    });
    return Math.min(this.#longest, Math.round(2 ** ((size + 0.5) / SIZES_PER_DOUBLING)));
  }
}

function sizeOf(duration: Nanoseconds): number {
  return Math.min(SIZES - 1, Math.floor(Math.log2(Math.max(1, duration)) * SIZES_PER_DOUBLING));
}
