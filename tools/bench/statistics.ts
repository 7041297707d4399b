/** What several measurements of one thing say together. Numbers of an empty list are NaN. */
export interface Spread {
  readonly median: number;
  /** The lower and upper quartile. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    count: sorted.length,
  };
}

/** The ratios of two lists, pair by pair: what a machine that is slow for a while does to both cancels out. */
export function pairedRatios(values: readonly number[], others: readonly number[]): readonly number[] {
  const length = Math.min(values.length, others.length);
  return Array.from({ length }, (_, index) => (values[index] ?? Number.NaN) / (others[index] ?? Number.NaN));
}

/** Two values that have the true median between them with a known confidence. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** 0 to 1. */
  readonly confidence: number;
}

/**
 * The narrowest interval of order statistics that has the median of whatever these values were drawn from between its
 * ends with at least `confidence`, or the whole range if they are too few for that. It supposes nothing about the
 * distribution: how many of n independent values lie below the median is binomial.
 */
export function medianInterval(values: readonly number[], confidence = 0.95): Interval {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  let outside = 0; // the probability that the median is below the value at `rank`
  let weight = 0.5 ** count; // binomial coefficient · 2^-n
  let rank = 0;
  while (rank < (count - 1) / 2 && 2 * (outside + weight) <= 1 - confidence) {
    outside += weight;
    weight *= (count - rank) / (rank + 1);
    rank += 1;
  }
  // `rank` values may lie below the median before the confidence is used up: the interval begins at the one before.
  const first = Math.max(0, rank - 1);
  const beyond = rank === 0 ? 0.5 ** count : outside;
  return {
    low: sorted[first] ?? Number.NaN,
    high: sorted[count - 1 - first] ?? Number.NaN,
    confidence: 1 - 2 * beyond,
  };
}

/** Linear between the two values beside it. */
function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}
