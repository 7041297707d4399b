import { expect, test } from "vitest";
import { dequeHeader, type Layout } from "../../src/index.js";
import { layoutOf, words } from "../fixtures/object-bytes.js";

/** Words behind the header. */
function object(layout: Layout, ...values: readonly (number | bigint)[]): Uint8Array {
  return words(layout, 1, 0x1000, ...values);
}

test("a deque of 3.x has its length in front, and blocks between two links", () => {
  const layout = layoutOf("3.5.10");
  expect(dequeHeader(layout, object(layout, 5, 0x2000, 0x3000, 31, 35, 9, 7))).toEqual({
    length: 5,
    maximum: 7n,
    leftBlock: 0x2000,
    leftIndex: 31,
  });
  expect(layout.deque).toMatchObject({ blockItems: 8, blockLength: 64, blockNext: 520 });
});

test("a deque of 2.7 has its blocks in front, and these their items", () => {
  const layout = layoutOf("2.7.18");
  expect(dequeHeader(layout, object(layout, 0x2000, 0x3000, 31, 35, 5, 9, -1))).toEqual({
    length: 5,
    maximum: undefined,
    leftBlock: 0x2000,
    leftIndex: 31,
  });
  expect(layout.deque).toMatchObject({ blockItems: 0, blockLength: 62, blockNext: 496 });
});

test("a deque can have as much as no memory has", () => {
  const layout = layoutOf("3.12.1");
  const header = dequeHeader(layout, object(layout, 0, 0x2000, 0x2000, 32, 31, 0, 2n ** 63n - 1n));
  expect(header?.maximum).toBe(2n ** 63n - 1n);
});

test("a deque is nothing in fewer bytes, with an impossible length, or in versions that nobody has looked at", () => {
  const layout = layoutOf("3.12.1");
  const bytes = object(layout, 5, 0x2000, 0x3000, 31, 35, 9, -1);
  expect(dequeHeader(layout, bytes.subarray(0, -1))).toBeUndefined();
  expect(dequeHeader(layout, object(layout, -1, 0x2000, 0x3000, 31, 35, 9, -1))).toBeUndefined();
  expect(["2.6.9", "3.4.10"].map((text) => dequeHeader(layoutOf(text), bytes))).toEqual([
    undefined,
    undefined,
  ]);
});
