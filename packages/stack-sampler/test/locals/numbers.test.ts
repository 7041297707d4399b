import { describe, expect, test } from "vitest";
import { complexText, floatText, narrowFloatText } from "../../src/locals/numbers.js";

// What Python 3 (and for 17 digits Python 2.6) printed.
describe("a float is written as Python does", () => {
  test.each([
    [0, "0.0"],
    [-0, "-0.0"],
    [1, "1.0"],
    [0.1, "0.1"],
    [-1.5, "-1.5"],
    [100, "100.0"],
    [123456.789, "123456.789"],
    [1e15, "1000000000000000.0"],
    [9999999999999998, "9999999999999998.0"],
    [1e16, "1e+16"],
    [1.2345e20, "1.2345e+20"],
    [1e22, "1e+22"],
    [1e308, "1e+308"],
    [0.0001, "0.0001"],
    [0.00012345, "0.00012345"],
    [0.00001, "1e-05"],
    [1.5e-7, "1.5e-07"],
    [5e-324, "5e-324"],
    [Number.MAX_VALUE, "1.7976931348623157e+308"],
    [Number.POSITIVE_INFINITY, "inf"],
    [Number.NEGATIVE_INFINITY, "-inf"],
    [Number.NaN, "nan"],
  ])("%d", (value, text) => {
    expect(floatText(value, "shortest")).toBe(text);
  });

  test.each([
    [0.1, "0.10000000000000001"],
    [1, "1.0"],
    [-0, "-0.0"],
    [1.5, "1.5"],
    [1e16, "10000000000000000.0"],
    [1e17, "1e+17"],
    [1.1e-5, "1.1e-05"],
    [1 / 3, "0.33333333333333331"],
  ])("%d in a version that has 17 digits", (value, text) => {
    expect(floatText(value, 17)).toBe(text);
  });
});

test.each([
  [0, 1, "1j"],
  [0, -1, "-1j"],
  [-0, 1, "(-0+1j)"],
  [1, 2, "(1+2j)"],
  [1.5, -2.5e20, "(1.5-2.5e+20j)"],
  [0, -0, "-0j"],
  [Number.NaN, Number.NEGATIVE_INFINITY, "(nan-infj)"],
  [1e16, Number.NaN, "(1e+16+nanj)"],
])("complex(%d, %d)", (real, imaginary, text) => {
  expect(complexText(real, imaginary, "shortest")).toBe(text);
});

test.each([
  [Math.fround(0.1), 23, "0.1"],
  [Math.fround(3.14), 23, "3.14"],
  [Math.fround(1e20), 23, "1e+20"],
  [Math.fround(16777216), 23, "16777216.0"],
  [Math.fround(1 / 3), 23, "0.33333334"],
  [0.0999755859375, 10, "0.1"],
  [65504, 10, "65500.0"],
  [0, 23, "0.0"],
  [Number.NaN, 10, "nan"],
])("%d of a type with %d bits of fraction", (value, bits, text) => {
  expect(narrowFloatText(value, bits)).toBe(text);
});
