import { expect, test } from "vitest";
import { OversleptPoints } from "../../src/schedule/overslept-points.js";

const ON_TIME = 50_000;
const LATE = 3_000_000;

function tooLate(latenesses: readonly number[]): boolean[] {
  const points = new OversleptPoints();
  return latenesses.map((late) => points.isTooLate(late));
}

test("who has overslept is too late, and who nearly has not is not", () => {
  expect(tooLate([ON_TIME, LATE, ON_TIME, 299_999, 300_000])).toEqual([false, true, false, false, true]);
});

test("who always oversleeps takes every fifth", () => {
  const one = [true, true, true, true, false];
  expect(tooLate(Array.from({ length: 11 }, () => LATE))).toEqual([...one, ...one, true]);
});

test("who was on time may be late again", () => {
  expect(tooLate([LATE, LATE, LATE, ON_TIME, LATE, LATE])).toEqual([true, true, true, false, true, true]);
});
