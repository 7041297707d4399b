import { expect, test } from "vitest";
import { OversleptPoints } from "../../src/schedule/overslept-points.js";

const ON_TIME = 50_000;
const LATE = 3_000_000;

function missed(latenesses: readonly number[]): boolean[] {
  const points = new OversleptPoints();
  return latenesses.map((late) => points.isMissed(late));
}

test("a point that was overslept is missed, and one that was nearly met is not", () => {
  expect(missed([ON_TIME, LATE, ON_TIME, 299_999, 300_000])).toEqual([false, true, false, false, true]);
});

test("where all points are overslept one in three is taken", () => {
  expect(missed([LATE, LATE, LATE, LATE, LATE, LATE, LATE])).toEqual([
    ...[true, true, false],
    ...[true, true, false],
    true,
  ]);
});

test("points that were met are not counted among those", () => {
  expect(missed([LATE, ON_TIME, LATE, LATE, ON_TIME, LATE])).toEqual([true, false, true, true, false, true]);
});
