import { describe, expect, test } from "vitest";
import {
  ABSENT,
  decodePointers,
  decodeSetEntries,
  decodeStackReference,
  listHeader,
  setHeader,
  tupleHeader,
} from "../../src/index.js";
import { layoutOf, words, wordsAt } from "../fixtures/object-bytes.js";

describe("a tuple", () => {
  test.each([
    ["3.13.0", {}, 24],
    ["3.14.10", {}, 32],
    ["3.14.10", { freeThreaded: true }, 48],
    ["2.4.6", {}, 24],
  ])("of %s %o has its items at %i", (text, build, dataOffset) => {
    const layout = layoutOf(text, build);
    const object = wordsAt(layout, 64, { [layout.object.ob_size]: 3 });
    expect(tupleHeader(layout, object)).toEqual({
      length: 3,
      byteLength: 24,
      dataOffset,
      dataAddress: undefined,
    });
  });

  test("cannot have fewer items than none, or more than fit a process", () => {
    const layout = layoutOf("3.13.0");
    expect(tupleHeader(layout, wordsAt(layout, 24, { 16: -1 }))).toBeUndefined();
    expect(tupleHeader(layout, wordsAt(layout, 24, { 16: 2n ** 62n }))).toBeUndefined();
  });
});

test("a list has its items elsewhere", () => {
  const layout = layoutOf("3.9.18");
  expect(listHeader(layout, wordsAt(layout, 40, { 16: 2, 24: 0x7f12_3456_7890 }))).toEqual({
    length: 2,
    byteLength: 16,
    dataOffset: ABSENT,
    dataAddress: 0x7f12_3456_7890,
  });
  expect(listHeader(layout, new Uint8Array(31))).toBeUndefined();
});

test("pointers are read as far as they are whole", () => {
  const layout = layoutOf("3.9.18");
  expect(decodePointers(layout, words(layout, 0x7f12_3456_7890, 2, 3).subarray(0, 23))).toEqual([
    0x7f12_3456_7890, 2,
  ]);
  const narrow = layoutOf("3.9.18", { architecture: "ia32" });
  expect(decodePointers(narrow, words(narrow, -1, 2))).toEqual([0xffff_ffff, 2]);
});

describe("a set", () => {
  test("has its members in a table elsewhere", () => {
    const layout = layoutOf("3.9.18");
    expect(setHeader(layout, wordsAt(layout, 200, { 24: 2, 32: 7, 40: 0x1000 }))).toEqual({
      used: 2,
      byteLength: 128,
      dataOffset: ABSENT,
      dataAddress: 0x1000,
    });
    expect(decodeSetEntries(layout, words(layout, 0, 0, 0x100, 5, 0x999, -1, 0x101, -2))).toEqual([
      0x100, 0x101,
    ]);
  });

  test("has the hash before the member up to 3.3, and what is left of removed members is there twice", () => {
    const layout = layoutOf("3.3.7");
    expect(decodeSetEntries(layout, words(layout, 5, 0x100, 9, 0x999, 8, 0x999, -2, 0x101))).toEqual([
      0x100, 0x101,
    ]);
  });

  test("does not exist before 2.5", () => {
    expect(setHeader(layoutOf("2.4.6"), new Uint8Array(256))).toBeUndefined();
  });
});

describe("a slot of a frame", () => {
  const tagged = layoutOf("3.14.10");

  test.each([
    ["nothing", 1n, { kind: "null" }],
    ["an object", 0x7f12_3456_7890n, { kind: "object", address: 0x7f12_3456_7890 }],
    ["a borrowed object", 0x7f12_3456_7891n, { kind: "object", address: 0x7f12_3456_7890 }],
    ["an integer", (5n << 2n) | 3n, { kind: "integer", value: 5 }],
    ["a negative integer", (-5n << 2n) | 3n, { kind: "integer", value: -5 }],
    ["a large integer", ((2n ** 40n) << 2n) | 3n, { kind: "integer", value: 2 ** 40 }],
  ])("of 3.14 can hold %s", (_, word, reference) => {
    expect(decodeStackReference(tagged, words(tagged, 0, word), 8)).toEqual(reference);
  });

  test("holds a plain pointer up to 3.13", () => {
    const layout = layoutOf("3.13.0");
    expect(decodeStackReference(layout, words(layout, 0x103))).toEqual({ kind: "object", address: 0x103 });
    expect(decodeStackReference(layout, words(layout, 0))).toEqual({ kind: "null" });
  });

  test("is nothing beyond the bytes", () => {
    expect(decodeStackReference(tagged, new Uint8Array(15), 8)).toBeUndefined();
    expect(decodeStackReference(tagged, new Uint8Array(15), -8)).toBeUndefined();
  });
});
