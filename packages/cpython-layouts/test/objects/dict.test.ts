import { describe, expect, test } from "vitest";
import { ABSENT, decodeDictEntries, dictHeader, dictKeysTable } from "../../src/index.js";
import { layoutOf, words, wordsAt } from "../fixtures/object-bytes.js";

const KEYS = 0x7f00_0000_1000;
const VALUES = 0x7f00_0000_2000;
const TABLE = 0x7f00_0000_3000;

describe("a dict of 2.x", () => {
  const slots = [
    ...[0, 0, 0],
    ...[11, 0x100, 0x200],
    // Deleted: a key that stands for nothing, and no value.
    ...[12, 0x999, 0],
    ...[13, 0x101, 0x201],
  ];

  test("has a table of slots elsewhere", () => {
    const layout = layoutOf("2.7.18");
    const header = dictHeader(layout, wordsAt(layout, 64, { 24: 2, 32: 3, 40: TABLE }));
    expect(header).toEqual({
      used: 2,
      keys: undefined,
      values: undefined,
      table: {
        length: 4,
        entrySize: 24,
        keyOffset: 8,
        valueOffset: 16,
        byteLength: 96,
        dataOffset: ABSENT,
        dataAddress: TABLE,
      },
    });
    expect(header?.table && decodeDictEntries(layout, header.table, words(layout, ...slots))).toEqual([
      { key: 0x100, value: 0x200 },
      { key: 0x101, value: 0x201 },
    ]);
  });

  test("counts in ints up to 2.4", () => {
    const layout = layoutOf("2.4.6");
    const object = wordsAt(layout, 64, { 16: 2n | (1n << 32n), 24: 3n | (0xffffffffn << 32n), 32: TABLE });
    expect(dictHeader(layout, object)).toMatchObject({ used: 1, table: { length: 4, dataAddress: TABLE } });
  });
});

describe("the keys of a dict", () => {
  test("of 3.3 to 3.5 are the slots themselves", () => {
    const layout = layoutOf("3.5.10");
    const table = dictKeysTable(layout, words(layout, 1, 8, 0, 5, 0));
    expect(table).toMatchObject({ length: 8, entrySize: 24, dataOffset: 32, byteLength: 192 });
  });

  test.each([
    [8, 40 + 8],
    [256, 40 + 512],
    [0x10000, 40 + 4 * 0x10000],
    [2 ** 32, 40 + 8 * 2 ** 32],
  ])("of 3.6 to 3.10 with %i slots have entries at %i", (slots, dataOffset) => {
    const layout = layoutOf("3.10.13");
    const table = dictKeysTable(layout, words(layout, 1, slots, 0, 2, 3));
    expect(table).toMatchObject({ length: 3, entrySize: 24, keyOffset: 8, valueOffset: 16, dataOffset });
  });

  test.each([
    ["hashes, if not all are strings", 0, { entrySize: 24, keyOffset: 8, valueOffset: 16 }],
    ["no hashes, if all are strings", 1, { entrySize: 16, keyOffset: 0, valueOffset: 8 }],
    ["no hashes, if they are shared", 2, { entrySize: 16, keyOffset: 0, valueOffset: 8 }],
  ])("of 3.11 and later have %s", (_, kind, entry) => {
    const layout = layoutOf("3.12.1");
    const keys = words(layout, 1, 0x03 | (4 << 8) | (kind << 16), 0, 5, 0);
    expect(dictKeysTable(layout, keys)).toMatchObject({ ...entry, length: 5, dataOffset: 32 + 16 });
  });

  test("cannot be larger than a process", () => {
    const layout = layoutOf("3.12.1");
    expect(dictKeysTable(layout, words(layout, 1, 0xffff, 0, 5, 0))).toBeUndefined();
    expect(dictKeysTable(layout, words(layout, 1, 0x0303, 0, -1, 0))).toBeUndefined();
    expect(dictKeysTable(layout, new Uint8Array(31))).toBeUndefined();
  });
});

describe("a dict that shares its keys", () => {
  const layout = layoutOf("3.13.0");
  const shared = {
    length: 3,
    entrySize: 16,
    keyOffset: 0,
    valueOffset: 8,
    byteLength: 48,
    dataOffset: 48,
    dataAddress: undefined,
  };

  test("has its values behind a header of 8 bytes from 3.13 on", () => {
    const object = { 16: 2, 32: KEYS, 40: VALUES };
    expect(dictHeader(layout, wordsAt(layout, 48, object))).toEqual({
      used: 2,
      keys: KEYS,
      table: undefined,
      values: VALUES + 8,
    });
    const older = layoutOf("3.12.1");
    expect(dictHeader(older, wordsAt(older, 48, object))?.values).toBe(VALUES);
    expect(dictHeader(older, wordsAt(older, 48, { 16: 2, 32: KEYS }))?.values).toBeUndefined();
  });

  test("lacks the keys whose values are not set", () => {
    const data = words(layout, 0x100, 0, 0x101, 0, 0x102, 0);
    expect(decodeDictEntries(layout, shared, data, words(layout, 0x200, 0, 0x202))).toEqual([
      { key: 0x100, value: 0x200 },
      { key: 0x102, value: 0x202 },
    ]);
    expect(decodeDictEntries(layout, shared, data, words(layout, 0x200))).toEqual([
      { key: 0x100, value: 0x200 },
    ]);
  });
});
