import { expect, it } from "vitest";
import { PoissonSchedule } from "../../src/schedule/poisson-schedule.js";

/** Numbers from [0, 1), the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const POINTS = 20_000;

function intervals(rate: number): number[] {
  const schedule = new PoissonSchedule(rate, 0, seeded(42));
  const lengths: number[] = [];
  for (let last = 0; lengths.length < POINTS; ) {
    const { next } = schedule;
    lengths.push(next - last);
    last = next;
    expect(schedule.passDue(next)).toBe(1);
  }
  return lengths;
}

it.each([1, 100, 1000, 1e6])("at %d points a second the mean interval is one over that", (rate) => {
  const mean = intervals(rate).reduce((sum, length) => sum + length, 0) / POINTS;
  // Four standard deviations of the mean of so many.
  expect(Math.abs((mean * rate) / 1e9 - 1)).toBeLessThan(4 / Math.sqrt(POINTS));
});

it("intervals are exponentially distributed", () => {
  const sorted = intervals(1000).sort((left, right) => left - right);
  const distance = Math.max(
    ...sorted.map((length, index) => {
      const expected = 1 - Math.exp(-length / 1e6);
      return Math.max(Math.abs(expected - index / POINTS), Math.abs(expected - (index + 1) / POINTS));
    }),
  );
  // Kolmogorov and Smirnov: the bound for one error in a thousand.
  expect(distance).toBeLessThan(1.95 / Math.sqrt(POINTS));
});

it("an interval does not depend on the one before it", () => {
  const lengths = intervals(1000).map((length) => length / 1e6 - 1);
  let covariance = 0;
  for (let index = 1; index < lengths.length; index++) {
    covariance += (lengths[index] ?? 0) * (lengths[index - 1] ?? 0);
  }
  expect(Math.abs(covariance / POINTS)).toBeLessThan(4 / Math.sqrt(POINTS));
});

it("a point that was put off is the next one, until it is taken", () => {
  const schedule = regular();
  expect(schedule.putOffDue(1.5e6, 0.5e6)).toBe(0);
  expect(schedule.next).toBeCloseTo(1.5e6 + 0.5e6 * (1 - Math.exp(-1)));
  expect([schedule.passDue(1.7e6), schedule.passDue(1.9e6), schedule.next]).toEqual([0, 1, 2e6]);
});

it("a point that was put off is missed when the one after it is due, or would be before it", () => {
  const schedule = regular();
  expect(schedule.putOffDue(1.5e6, 0.5e6)).toBe(0);
  expect(schedule.passDue(2e6)).toBe(2);
  expect([schedule.putOffDue(2.5e6, 0), schedule.putOffDue(3.5e6, 1e6)]).toEqual([0, 1]);
  expect(schedule.next).toBe(4e6);
});

/** Points at 1, 2, 3 … milliseconds. */
function regular(start = 0): PoissonSchedule {
  return new PoissonSchedule(1000, start, () => 1 - Math.exp(-1));
}

it("nothing is due before the first point", () => {
  const schedule = regular();
  expect(schedule.passDue(0.9e6)).toBe(0);
  expect(schedule.next).toBeCloseTo(1e6, 0);
});

it("a point that is late is taken, and the points after it stay where they are", () => {
  const schedule = regular();
  expect(schedule.passDue(1.9e6)).toBe(1);
  expect(schedule.next).toBeCloseTo(2e6, 0);
});

it("of the points that are due together all but the last are missed", () => {
  const schedule = regular();
  expect(schedule.passDue(5.5e6)).toBe(5);
  expect(schedule.next).toBeCloseTo(6e6, 0);
  expect(schedule.passDue(5.9e6)).toBe(0);
});

it("starts when it is told to", () => {
  expect(regular(7e9).next).toBeCloseTo(7.001e9, 0);
});

it("goes on when the random number is the smallest or the largest there is", () => {
  for (const extreme of [0, 1 - 2 ** -53]) {
    const numbers = [extreme, 0.5, 0.5];
    const schedule = new PoissonSchedule(1000, 0, () => numbers.shift() ?? 0.5);
    expect(Number.isFinite(schedule.next)).toBe(true);
    expect(schedule.passDue(schedule.next)).toBeGreaterThan(0);
  }
});
