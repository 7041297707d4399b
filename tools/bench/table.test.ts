import { expect, test } from "vitest";
import { interval, number, spread, table } from "./table.js";

test("columns are as wide as what is in them", () => {
  expect(table(["", "rate"], [["flat", "1"], ["deep and deeper"]])).toBe(
    [
      "|                 | rate |",
      "| --------------- | ---- |",
      "| flat            | 1    |",
      "| deep and deeper |      |",
    ].join("\n"),
  );
});

test.each([
  [0, "0"],
  [0.01234, "0.0123"],
  [1.5, "1.5"],
  [99.96, "100"],
  [145_678, "146,000"],
  [Number.NaN, "–"],
  [Number.POSITIVE_INFINITY, "–"],
])("%d is written %s", (value, text) => {
  expect(number(value)).toBe(text);
});

test("a spread has its quartiles beside it, unless there was one measurement", () => {
  expect(spread({ median: 3, low: 2, high: 4, count: 5 }, " %")).toBe("3 % (2–4)");
  expect(spread({ median: 3, low: 3, high: 3, count: 1 })).toBe("3");
  expect(spread({ median: Number.NaN, low: Number.NaN, high: Number.NaN, count: 0 })).toBe("–");
});

test("an interval says how sure it is", () => {
  expect(interval({ low: 0.99812, high: 1.0119, confidence: 0.9586 })).toBe("0.998 … 1.012 (96 %)");
});
