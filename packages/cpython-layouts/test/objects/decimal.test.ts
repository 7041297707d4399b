import { describe, expect, test } from "vitest";
import { ABSENT, decimalHeader, decodeDecimalDigits, type Layout } from "../../src/index.js";
import { layoutOf, words } from "../fixtures/object-bytes.js";

const layout = layoutOf("3.12.1");
const narrow = layoutOf("3.11.7", { architecture: "ia32" });

/** A `Decimal`: count, type, hash; flags, exponent, digits, words, room for words, data. */
function decimal(one: Layout, flags: number, exponent: number, digits: number, length: number): Uint8Array {
  return words(one, 1, 0x1000, -1, flags, exponent, digits, length, 4, 0x2000);
}

describe("a decimal number", () => {
  const header = { negative: false, special: undefined, dataOffset: ABSENT, dataAddress: 0x2000 };

  test.each([
    ["finite", 0, -2, 3, 1, { exponent: -2, digits: 3, byteLength: 8 }],
    ["negative", 1, 7, 20, 2, { negative: true, exponent: 7, digits: 20, byteLength: 16 }],
    ["infinite", 2, 0, 0, 0, { special: "Infinity", exponent: 0, digits: 0, byteLength: 0 }],
    ["no number", 4, 0, 3, 1, { special: "NaN", exponent: 0, digits: 3, byteLength: 8 }],
    [
      "a negative signal",
      9,
      0,
      0,
      0,
      { negative: true, special: "sNaN", exponent: 0, digits: 0, byteLength: 0 },
    ],
    ["of data in the object", 0x10, 0, 1, 1, { exponent: 0, digits: 1, byteLength: 8 }],
  ])("is %s", (_, flags, exponent, digits, length, expected) => {
    const object = decimal(layout, flags, exponent, digits, length);
    expect(decimalHeader(layout, object)).toEqual({ ...header, ...expected });
    expect(decimalHeader(layout, object.subarray(0, -1))).toBeUndefined();
  });

  test("has no more words than its digits need", () => {
    expect(decimalHeader(layout, decimal(layout, 0, 0, 19, 1))?.byteLength).toBe(8);
    expect(decimalHeader(layout, decimal(layout, 0, 0, 19, 2))).toBeUndefined();
    expect(decimalHeader(narrow, decimal(narrow, 0, -1, 19, 3))).toMatchObject({
      exponent: -1,
      byteLength: 12,
    });
    expect(decimalHeader(narrow, decimal(narrow, 0, -1, 19, 4))).toBeUndefined();
  });
});

test.each([
  ["64 bits", layout, [42], "42"],
  ["64 bits", layout, [5n, 123n], "1230000000000000000005"],
  ["64 bits", layout, [10n ** 19n - 1n, 1n], "19999999999999999999"],
  ["64 bits", layout, [0], ""],
  ["64 bits", layout, [], ""],
  ["32 bits", narrow, [5, 123], "123000000005"],
])("digits in words of %s: %#", (_, one, values, text) => {
  const data = words(one, ...values);
  expect(decodeDecimalDigits(one, { byteLength: data.length }, data)).toBe(text);
  expect(decodeDecimalDigits(one, { byteLength: data.length + 1 }, data)).toBeUndefined();
});
