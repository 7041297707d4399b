import { describe, expect, it } from "vitest";
import { StopBudget } from "../src/stop-budget.js";

const MICROSECOND = 1e3;
const SECOND = 1e9;

/** Stops whenever the schedule and the budget permit, on a clock of its own. Returns when each stop ended. */
function stopEvery(
  budget: StopBudget,
  interval: number,
  until: number,
  duration: (index: number) => number,
): number[] {
  const ends: number[] = [];
  let now = 5 * SECOND;
  while (now < 5 * SECOND + until) {
    const wait = budget.delay(now);
    now += wait;
    const stop = duration(ends.length);
    now += stop;
    budget.record(now, stop);
    ends.push(now);
    now += interval;
  }
  return ends;
}

describe("a stop budget", () => {
  it("puts nothing off while stops take less than their share", () => {
    const budget = new StopBudget();
    stopEvery(budget, 10_000 * MICROSECOND, 60 * SECOND, () => 50 * MICROSECOND);
    expect([budget.isExceeded, budget.tellOnce()]).toEqual([false, false]);
  });

  it.each([0.01, 0.05, 1])("lowers the rate to a share of %d, and no further", (share) => {
    const budget = new StopBudget(share);
    const ends = stopEvery(budget, 0, 100 * SECOND, () => 2_000 * MICROSECOND);
    const { total } = budget.statistics;
    const elapsed = (ends.at(-1) ?? 0) - 5 * SECOND;
    expect(total / elapsed).toBeLessThanOrEqual(share + (2_000 * MICROSECOND) / elapsed);
    expect(total / elapsed).toBeGreaterThan(share * 0.99);
  });

  it("holds at every moment since the first stop, whatever the stops take", () => {
    let random = 42;
    const next = (): number => {
      random = (random * 48_271) % 2_147_483_647;
      return random;
    };
    for (let run = 0; run < 50; run++) {
      const budget = new StopBudget();
      let total = 0;
      const taken: number[] = [];
      const ends = stopEvery(budget, next() % (20_000 * MICROSECOND), 5 * SECOND, () => {
        const stop = next() % (next() % 20 === 0 ? 10_000 * MICROSECOND : 200 * MICROSECOND);
        taken.push(stop);
        return stop;
      });
      const start = (ends[0] ?? 0) - (taken[0] ?? 0);
      for (const [index, end] of ends.entries()) {
        const last = taken[index] ?? 0;
        total += last;
        expect(total - last).toBeLessThanOrEqual((end - start) * 0.01 + 1);
      }
    }
  });

  it("lets one long stop among short ones be paid from what was saved, for a second at most", () => {
    const budget = new StopBudget();
    stopEvery(budget, 10_000 * MICROSECOND, 60 * SECOND, () => 10 * MICROSECOND);
    budget.record(70 * SECOND, 10_000 * MICROSECOND);
    expect(budget.delay(70 * SECOND)).toBe(0);
    budget.record(70 * SECOND, 1_000 * MICROSECOND);
    expect(budget.delay(70 * SECOND)).toBe(100_000 * MICROSECOND);
  });

  it("says once that it was exceeded", () => {
    const budget = new StopBudget();
    budget.record(SECOND, 500 * MICROSECOND);
    expect(budget.isExceeded).toBe(false);
    expect(budget.delay(SECOND)).toBeGreaterThan(0);
    expect([budget.isExceeded, budget.tellOnce(), budget.tellOnce()]).toEqual([true, true, false]);
    expect(budget.delay(2 * SECOND)).toBe(0);
    expect([budget.isExceeded, budget.tellOnce()]).toEqual([true, false]);
  });

  it("sums up, with quantiles within 2 %", () => {
    const budget = new StopBudget();
    expect(budget.statistics).toEqual({ count: 0, total: 0, longest: 0, p50: 0, p99: 0 });
    for (let microseconds = 1; microseconds <= 1000; microseconds++) {
      budget.record(microseconds * SECOND, microseconds * MICROSECOND);
    }
    const { p50, p99, ...rest } = budget.statistics;
    expect(rest).toEqual({ count: 1000, total: 500_500 * MICROSECOND, longest: 1000 * MICROSECOND });
    expect(p50 / (500 * MICROSECOND)).toBeCloseTo(1, 1.4);
    expect(p99 / (990 * MICROSECOND)).toBeCloseTo(1, 1.4);
  });

  it.each([0, -1, 1.5, Number.NaN])("is no share of %d", (share) => {
    expect(() => new StopBudget(share)).toThrow(RangeError);
  });
});
