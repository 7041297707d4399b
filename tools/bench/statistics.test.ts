import { describe, expect, test } from "vitest";
import { medianInterval, pairedRatios, spreadOf } from "./statistics.js";

test("a spread is the median between the quartiles, in whatever order the values came", () => {
  expect(spreadOf([5, 1, 3, 2, 4])).toEqual({ median: 3, low: 2, high: 4, count: 5 });
  expect(spreadOf([1, 2])).toEqual({ median: 1.5, low: 1.25, high: 1.75, count: 2 });
  expect(spreadOf([7])).toEqual({ median: 7, low: 7, high: 7, count: 1 });
  expect(spreadOf([])).toEqual({ median: Number.NaN, low: Number.NaN, high: Number.NaN, count: 0 });
});

test("ratios are taken pair by pair", () => {
  expect(pairedRatios([2, 9, 8], [1, 3, 2])).toEqual([2, 3, 4]);
  expect(pairedRatios([2, 9], [1])).toEqual([2]);
});

describe("the interval of a median", () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  // Tables of the sign test give these ranks.
  test.each([
    { count: 6, low: 1, high: 6, confidence: 0.96875 },
    { count: 20, low: 6, high: 15, confidence: 0.9586 },
    { count: 25, low: 8, high: 18, confidence: 0.9567 },
  ])("of $count values", ({ count, low, high, confidence }) => {
    const interval = medianInterval(upTo(count));
    expect(interval).toMatchObject({ low, high });
    expect(interval.confidence).toBeCloseTo(confidence, 4);
  });

  test("of too few values is their range, with the confidence that is left", () => {
    expect(medianInterval(upTo(4))).toEqual({ low: 1, high: 4, confidence: 0.875 });
  });
});
