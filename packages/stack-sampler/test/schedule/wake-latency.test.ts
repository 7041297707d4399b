import { expect, test } from "vitest";
import { WakeLatency } from "../../src/schedule/wake-latency.js";

const ON_TIME = 50_000;
const LATE = 3_000_000;

function refused(latenesses: readonly number[]): boolean[] {
  const latency = new WakeLatency();
  return latenesses.map((late) => latency.refuse(late));
}

test("a point that was overslept is refused, and one that nearly was is not", () => {
  expect(refused([ON_TIME, LATE, ON_TIME, 299_999, 310_000])).toEqual([false, true, false, false, true]);
});

test("where all are overslept every fifth is taken", () => {
  const one = [true, true, true, true, false];
  expect(refused(Array.from({ length: 11 }, () => LATE))).toEqual([...one, ...one, true]);
});

test("one that was met begins a new row", () => {
  expect(refused([LATE, LATE, LATE, ON_TIME, LATE, LATE])).toEqual([true, true, true, false, true, true]);
});

/** Wakes up so many times, so late. */
function wake(latency: WakeLatency, times: number, late: () => number): void {
  for (let time = 0; time < times; time++) latency.refuse(late());
}

test("half of them are sooner than what is usual", () => {
  const latency = new WakeLatency();
  // All from 0 to 99 µs in turn, in an order that is mixed.
  let late = 0;
  wake(latency, 20_000, () => {
    late = (late + 37_000) % 100_000;
    return late;
  });
  expect(latency.usual).toBeGreaterThan(45_000);
  expect(latency.usual).toBeLessThan(55_000);
});

test("what is usual follows what is met within some hundred points", () => {
  const latency = new WakeLatency();
  wake(latency, 1000, () => 120_000);
  expect(latency.usual).toBeGreaterThan(116_000);
  wake(latency, 200, () => 60_000);
  expect(latency.usual).toBeLessThan(64_000);
});

test("points that are overslept are not usual", () => {
  const latency = new WakeLatency();
  wake(latency, 400, () => ON_TIME);
  const { usual } = latency;
  wake(latency, 1000, () => LATE);
  expect(latency.usual).toBe(usual);
});

test("a point is overslept that is met 300 µs later than usual", () => {
  const latency = new WakeLatency();
  wake(latency, 1000, () => 120_000);
  expect(latency.refuse(latency.usual + 300_000)).toBe(true);
  expect(latency.refuse(latency.usual + 299_999)).toBe(false);
});
