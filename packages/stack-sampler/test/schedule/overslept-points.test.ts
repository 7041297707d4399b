import { expect, test } from "vitest";
import { OversleptPoints } from "../../src/schedule/overslept-points.js";

const ON_TIME = 50_000;
const LATE = 3_000_000;

function refused(latenesses: readonly number[]): boolean[] {
  const points = new OversleptPoints();
  return latenesses.map((late) => points.refuse(late));
}

test("a point that was overslept is refused, and one that nearly was is not", () => {
  expect(refused([ON_TIME, LATE, ON_TIME, 299_999, 300_000])).toEqual([false, true, false, false, true]);
});

test("where all are overslept every fifth is taken", () => {
  const one = [true, true, true, true, false];
  expect(refused(Array.from({ length: 11 }, () => LATE))).toEqual([...one, ...one, true]);
});

test("one that was met begins a new row", () => {
  expect(refused([LATE, LATE, LATE, ON_TIME, LATE, LATE])).toEqual([true, true, true, false, true, true]);
});
