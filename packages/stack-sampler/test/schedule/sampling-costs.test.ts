import { expect, it } from "vitest";
import { SamplingCosts } from "../../src/schedule/sampling-costs.js";

const nothing = { calls: 0, bytes: 0 };

it("tells how long samples took, to within 5 %", () => {
  const costs = new SamplingCosts();
  for (let sample = 1; sample <= 1000; sample++) costs.add(sample * 1000);
  const { samples, rate, duration } = costs.statistics(10, nothing, 0, 1, undefined);
  expect([samples, rate, duration.max]).toEqual([1000, 100, 1e6]);
  expect(duration.p50 / 500_000).toBeGreaterThanOrEqual(1);
  expect(duration.p50 / 500_000).toBeLessThan(1.051);
  expect(duration.p99 / 990_000).toBeGreaterThanOrEqual(1);
  expect(duration.p99).toBeLessThanOrEqual(duration.max);
});

it("tells what a sample took of the system", () => {
  const costs = new SamplingCosts();
  for (let sample = 0; sample < 4; sample++) costs.add(1000);
  for (let stop = 0; stop < 3; stop++) costs.addUnstopped(2, 1);
  expect(costs.statistics(1, { calls: 6, bytes: 400 }, 2, 3, undefined)).toMatchObject({
    systemCalls: 2,
    bytes: 100,
    turns: 3,
    stops: undefined,
    isStopBudgetExceeded: false,
    unstopped: { refused: 6, late: 3 },
  });
});

it("tells of no samples that they took nothing", () => {
  expect(new SamplingCosts().statistics(0, nothing, 0, 1, undefined)).toMatchObject({
    rate: 0,
    duration: { p50: 0, p99: 0, max: 0 },
    systemCalls: 0,
  });
});
