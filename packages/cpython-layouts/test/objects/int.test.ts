import { describe, expect, test } from "vitest";
import {
  decodeComplex,
  decodeFloat,
  decodeInt2,
  decodeLong,
  type Layout,
  longHeader,
} from "../../src/index.js";
import { layoutOf, wordsAt } from "../fixtures/object-bytes.js";

function decode(layout: Layout, object: Uint8Array): bigint | undefined {
  const header = longHeader(layout, object);
  return (
    header &&
    decodeLong(layout, header, object.subarray(header.dataOffset, header.dataOffset + header.byteLength))
  );
}

function withDigits(layout: Layout, object: Uint8Array, ...digits: readonly number[]): Uint8Array {
  const { ob_digit, digitSize } = layout.int;
  const view = new DataView(object.buffer);
  digits.forEach((digit, index) => {
    if (digitSize === 4) view.setUint32(ob_digit + 4 * index, digit, true);
    else view.setUint16(ob_digit + 2 * index, digit, true);
  });
  return object;
}

describe("an int", () => {
  test.each([
    [0, [], 0n],
    [1, [7], 7n],
    [-1, [7], -7n],
    [2, [1, 1], 2n ** 30n + 1n],
    [-3, [0, 0, 4], -(2n ** 62n)],
  ])("of 3.11 with ob_size %i and digits %j is %i", (size, digits, value) => {
    const layout = layoutOf("3.11.7");
    expect(decode(layout, withDigits(layout, wordsAt(layout, 64, { 16: size }), ...digits))).toBe(value);
  });

  test.each([
    [0b00001, [], 0n],
    [0b01000, [7], 7n],
    [0b01010, [7], -7n],
    [0b01110, [7], -7n],
    [0b11000, [0, 0, 4], 2n ** 62n],
  ])("of 3.14 with lv_tag %i and digits %j is %i", (tag, digits, value) => {
    const layout = layoutOf("3.14.10");
    expect(decode(layout, withDigits(layout, wordsAt(layout, 64, { 16: tag }), ...digits))).toBe(value);
  });

  test.each([
    ["2.4.6", {}, 20],
    ["2.6.9", {}, 24],
    ["2.7.18", { architecture: "ia32" }, 12],
    ["3.8.18", { architecture: "ia32" }, 12],
  ] as const)("of %s %o has digits of 15 bits at %i", (text, build, offset) => {
    const layout = layoutOf(text, build);
    expect(layout.int).toMatchObject({ ob_digit: offset, digitSize: 2, digitBits: 15 });
    const object = wordsAt(layout, 64, {});
    new DataView(object.buffer).setInt32(layout.object.ob_size, -2, true);
    if (layout.object.ob_size_width === 8)
      new DataView(object.buffer).setInt32(layout.object.ob_size + 4, -1, true);
    expect(decode(layout, withDigits(layout, object, 5, 3))).toBe(-(3n * 2n ** 15n + 5n));
  });

  test("of a million digits is decoded in one go", () => {
    const layout = layoutOf("3.13.0");
    const data = new Uint8Array(4_000_000).fill(0xff);
    const header = { negative: false, byteLength: data.length, dataOffset: 24, dataAddress: undefined };
    expect(decodeLong(layout, header, data)).toBe(2n ** 30_000_000n - 1n);
  });

  test("is nothing if not all of it was read", () => {
    const layout = layoutOf("3.13.0");
    const header = { negative: false, byteLength: 8, dataOffset: 24, dataAddress: undefined };
    expect(decodeLong(layout, header, new Uint8Array(7))).toBeUndefined();
    expect(longHeader(layout, new Uint8Array(20))).toBeUndefined();
  });

  test("of 2.x is a C long", () => {
    expect(decodeInt2(layoutOf("2.7.18"), wordsAt(layoutOf("2.7.18"), 24, { 16: -(2n ** 63n) }))).toBe(
      -(2n ** 63n),
    );
    const windows = layoutOf("2.7.18", { platform: "win32" });
    expect(decodeInt2(windows, wordsAt(windows, 24, { 16: 0xffff_fffen }))).toBe(-2n);
    expect(decodeInt2(layoutOf("3.13.0"), new Uint8Array(64))).toBeUndefined();
  });
});

describe("a float", () => {
  const layout = layoutOf("3.13.0", { freeThreaded: true });

  test("keeps the sign of zero", () => {
    const object = new Uint8Array(48);
    object[39] = 0x80;
    expect(decodeFloat(layout, object)).toBe(-0);
    expect(decodeComplex(layout, object)).toEqual({ real: -0, imaginary: 0 });
  });

  test("is nothing if not all of it was read", () => {
    expect(decodeFloat(layout, new Uint8Array(39))).toBeUndefined();
    expect(decodeComplex(layout, new Uint8Array(47))).toBeUndefined();
  });
});
