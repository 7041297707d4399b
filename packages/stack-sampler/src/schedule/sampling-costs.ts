import type { ReadCosts, StopBudget } from "@pyspy/proc-memory";
import type { Nanoseconds } from "../sample-batch.js";
import type { SamplingStatistics } from "../sampler.js";

/** Buckets of durations, each 5 % wider than the one before, from 100 ns to an hour. */
const FIRST = 100;
const GROWTH = Math.log(1.05);
const BUCKETS = 512;

/** What samples took: how long, how many system calls, how many bytes. Adding one allocates nothing. */
export class SamplingCosts {
  readonly #counts = new Float64Array(BUCKETS);
  #samples = 0;
  #longest = 0;
  #refused = 0;
  #late = 0;

  add(duration: Nanoseconds): void {
    const bucket = Math.ceil(Math.log(Math.max(1, duration / FIRST)) / GROWTH);
    const index = Math.min(bucket, BUCKETS - 1);
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#samples += 1;
    this.#longest = Math.max(this.#longest, duration);
  }

  /** In one sample so many threads were read while they ran on. */
  addUnstopped(refused: number, late: number): void {
    this.#refused += refused;
    this.#late += late;
  }

  /** `lookCalls` are the system calls that looked at threads. */
  statistics(
    seconds: number,
    read: ReadCosts,
    lookCalls: number,
    turns: number,
    stops: StopBudget | undefined,
  ): SamplingStatistics {
    const samples = this.#samples;
    const perSample = (sum: number): number => (samples === 0 ? 0 : sum / samples);
    return {
      samples,
      rate: seconds === 0 ? 0 : samples / seconds,
      duration: { p50: this.#percentile(0.5), p99: this.#percentile(0.99), max: this.#longest },
      systemCalls: perSample(read.calls + lookCalls),
      bytes: perSample(read.bytes),
      turns,
      stops: stops?.statistics,
      isStopBudgetExceeded: stops?.isExceeded ?? false,
      unstopped: { refused: this.#refused, late: this.#late },
    };
  }

  /** The upper edge of the bucket that it is in. */
  #percentile(share: number): Nanoseconds {
    let left = this.#samples * share;
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0 && count > 0) return Math.min(this.#longest, FIRST * Math.exp(bucket * GROWTH));
    }
    return 0;
  }
}
