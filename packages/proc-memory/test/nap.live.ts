import { expect, test } from "vitest";
import { nap } from "../src/index.js";

const ROUNDS = 20;

test.each([0.3, 5])(
  "a thread that naps for %d ms wakes up after that and works on nothing meanwhile",
  (milliseconds) => {
    const before = process.cpuUsage();
    const start = performance.now();
    for (let round = 0; round < ROUNDS; round++) nap(milliseconds);
    const slept = performance.now() - start;
    const { user, system } = process.cpuUsage(before);
    expect(slept).toBeGreaterThanOrEqual(ROUNDS * milliseconds);
    expect((user + system) / 1000).toBeLessThan(slept / 2);
  },
);

test.each([0, -1, Number.NaN, 0.0001])("a nap of %d ms is none", (milliseconds) => {
  const start = performance.now();
  for (let round = 0; round < ROUNDS; round++) nap(milliseconds);
  expect(performance.now() - start).toBeLessThan(1000);
});

test("a nap ends after a second, however long it was to be", () => {
  const start = performance.now();
  nap(1e12);
  expect(performance.now() - start).toBeGreaterThanOrEqual(999);
});
