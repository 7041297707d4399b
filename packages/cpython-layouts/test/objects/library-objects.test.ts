import { describe, expect, test } from "vitest";
import {
  ABSENT,
  byteArrayHeader,
  decodeCount,
  decodeDefaultDict,
  decodeMemoryView,
  decodeOrderedDict,
  decodeOrderedNode,
  decodePattern,
  decodeRepeat,
  decodeXrange,
  type Layout,
} from "../../src/index.js";
import { layoutOf, words } from "../fixtures/object-bytes.js";

const layout = layoutOf("3.12.1");
const narrow = layoutOf("3.11.7", { architecture: "ia32" });

/** An object of these words behind its header. */
function object(one: Layout, ...values: readonly (number | bigint)[]): Uint8Array {
  return words(one, 1, 0x1000, ...values);
}

describe("a count", () => {
  test.each([
    ["is a number", layout, -5n, { next: -5n, nextObject: 0, step: 0x2000 }],
    [
      "is an object beyond the greatest one",
      layout,
      2n ** 63n - 1n,
      { next: undefined, nextObject: 0, step: 0x2000 },
    ],
    [
      "is an object sooner where sizes are short",
      narrow,
      2n ** 31n - 1n,
      { next: undefined, nextObject: 0, step: 0x2000 },
    ],
  ])("%s", (_, one, next, count) => {
    const bytes = object(one, next, 0, 0x2000);
    expect(decodeCount(one, bytes)).toEqual(count);
    expect(decodeCount(one, bytes.subarray(0, -1))).toBeUndefined();
  });
});

test("a repetition ends after a number of times, or never", () => {
  expect(decodeRepeat(layout, object(layout, 0x2000, 3))).toEqual({ element: 0x2000, count: 3n });
  expect(decodeRepeat(narrow, object(narrow, 0x2000, -1))).toEqual({ element: 0x2000, count: -1n });
  expect(decodeRepeat(layout, object(layout, 0x2000))).toBeUndefined();
});

test("an xrange is three of C's long", () => {
  const two = layoutOf("2.7.18");
  expect(decodeXrange(two, object(two, 10, -2, 5))).toEqual({ start: 10n, step: -2n, length: 5n });
  const windows = layoutOf("2.7.18", { platform: "win32" });
  const bytes = object(windows, 10n | (-2n << 32n), 5);
  expect(decodeXrange(windows, bytes)).toEqual({ start: 10n, step: -2n, length: 5n });
  expect(decodeXrange(two, object(two, 10, -2))).toBeUndefined();
});

test("a pattern has its flags in an int", () => {
  const bytes = object(layout, 20, 1, 2, 3, 0x2000, -(2n ** 32n) + 32n);
  expect(decodePattern(layout, bytes)).toEqual({ text: 0x2000, flags: 32 });
  expect(decodePattern(layout, bytes.subarray(0, 16 + 5 * 8 + 3))).toBeUndefined();
});

test("a bytearray starts where it says", () => {
  const bytes = object(layout, 3, 8, 0x2000, 0x2002);
  expect(byteArrayHeader(layout, bytes)).toEqual({ byteLength: 3, dataOffset: ABSENT, dataAddress: 0x2002 });
  expect(byteArrayHeader(layout, object(layout, -3, 8, 0x2000, 0x2002))).toBeUndefined();
  expect(byteArrayHeader(layout, bytes.subarray(0, -1))).toBeUndefined();
});

test("a memoryview is released or not", () => {
  const isReleased = [0, 1, 2, 3].map((flags) =>
    decodeMemoryView(layout, object(layout, 1, 0x2000, -1, flags)),
  );
  expect(isReleased).toEqual([false, true, false, true].map((isReleased) => ({ isReleased })));
  expect(decodeMemoryView(layout, object(layout, 1, 0x2000, -1))).toBeUndefined();
});

describe("behind a dict", () => {
  const dict = { basicSize: 48 };
  const bytes = object(layout, 1, 2, 3, 4, 0x2000, 6);

  test("a defaultdict has its factory", () => {
    expect(decodeDefaultDict(layout, bytes, dict)).toEqual({ factory: 0x2000 });
    expect(decodeDefaultDict(layout, bytes.subarray(0, 55), dict)).toBeUndefined();
    expect(decodeDefaultDict(layout, bytes, { basicSize: -8 })).toBeUndefined();
  });

  test("an OrderedDict has its first node, and that the next one", () => {
    expect(decodeOrderedDict(layout, bytes, dict)).toEqual({ firstNode: 0x2000 });
    expect(decodeOrderedDict(layout, bytes.subarray(0, 55), dict)).toBeUndefined();
    const node = words(layout, 0x3000, -1, 0x4000);
    expect(decodeOrderedNode(layout, node)).toEqual({ key: 0x3000, next: 0x4000 });
    expect(decodeOrderedNode(layout, node.subarray(0, -1))).toBeUndefined();
  });
});
