import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LineTableKind, lineRanges, lookUpLine } from "../../src/index.js";

const kinds: readonly LineTableKind[] = ["lnotab-unsigned", "lnotab", "linetable", "locations"];
const line = (line: number) => ({ line, column: 0, endLine: 0, endColumn: 0 });

describe("co_lnotab", () => {
  const table = Uint8Array.of(0, 1, 10, 1, 8, 1, 4, 1);

  test.each([
    [-1, 3],
    [0, 4],
    [9, 4],
    [10, 5],
    [17, 5],
    [18, 6],
    [22, 7],
    [30, 7],
  ])("puts instruction %i on line %i", (position, expected) => {
    expect(lookUpLine("lnotab", table, 3, position)).toEqual(line(expected));
  });

  test("has lines that go back since 3.6, and lines that only grow before", () => {
    const table = Uint8Array.of(6, 5, 6, 0xfe, 6, 0x80);
    expect([0, 6, 12, 18].map((at) => lookUpLine("lnotab", table, 200, at).line)).toEqual([
      200, 205, 203, 75,
    ]);
    expect([0, 6, 12, 18].map((at) => lookUpLine("lnotab-unsigned", table, 200, at).line)).toEqual([
      200, 205, 459, 587,
    ]);
  });

  test("adds up the pairs of one long step", () => {
    const bytecode = Uint8Array.of(255, 0, 45, 127, 0, 127, 0, 3);
    expect([0, 299, 300].map((at) => lookUpLine("lnotab", bytecode, 1, at).line)).toEqual([1, 1, 258]);
  });

  test("ends in a range without an end", () => {
    expect([...lineRanges("lnotab", Uint8Array.of(4, 1, 2, 1), 1)]).toEqual([
      { start: 0, end: 4, position: line(1) },
      { start: 4, end: 6, position: line(2) },
      { start: 6, end: Number.POSITIVE_INFINITY, position: line(3) },
    ]);
  });
});

describe("co_linetable of 3.10", () => {
  const table = Uint8Array.of(4, 0, 6, 2, 2, 0x80, 8, 0xff, 2, 127, 0, 127, 2, 1);

  test("gives each range its line, or none", () => {
    expect([...lineRanges("linetable", table, 10)]).toEqual([
      { start: 0, end: 4, position: line(10) },
      { start: 4, end: 10, position: line(12) },
      { start: 10, end: 12, position: undefined },
      { start: 12, end: 20, position: line(11) },
      { start: 20, end: 22, position: line(138) },
      { start: 22, end: 24, position: line(266) },
    ]);
  });

  test.each([
    ["at the line before it, when an instruction has none", 10, 12],
    ["at the first line before the frame starts", -1, 10],
    ["at the first line beyond the table", 24, 10],
  ])("is %s", (_, position, expected) => {
    expect(lookUpLine("linetable", table, 10, position)).toEqual(line(expected));
  });
});

describe("the location table of 3.11", () => {
  const first = (code: number, length: number) => 0x80 | (code << 3) | (length - 1);
  // Each row: one of the forms of an entry.
  const table = Uint8Array.of(
    ...[first(13, 1), 0],
    ...[first(11, 2), 4, 17],
    ...[first(1, 8), 0x25],
    ...[first(15, 1)],
    ...[first(14, 3), 0x40 | 9, 3, 2, 0x40 | 44, 1, 1],
    ...[first(14, 1), 2, 0, 0, 0],
  );

  test("holds lines, end lines and columns that count from 1", () => {
    expect([...lineRanges("locations", table, 100)]).toEqual([
      { start: 0, end: 1, position: { line: 100, column: 0, endLine: 100, endColumn: 0 } },
      { start: 1, end: 3, position: { line: 101, column: 5, endLine: 101, endColumn: 18 } },
      { start: 3, end: 11, position: { line: 101, column: 11, endLine: 101, endColumn: 16 } },
      { start: 11, end: 12, position: undefined },
      { start: 12, end: 15, position: { line: 1, column: 108, endLine: 3, endColumn: 1 } },
      { start: 15, end: 16, position: { line: 2, column: 0, endLine: 2, endColumn: 0 } },
    ]);
  });

  test("puts an instruction without a place at the line before it", () => {
    expect(lookUpLine("locations", table, 100, 11)).toEqual(line(101));
  });

  test("is left at the end of the range, not after it", () => {
    expect([2, 3].map((at) => lookUpLine("locations", table, 100, at).column)).toEqual([5, 11]);
  });
});

test.each(kinds)("%s: any bytes give a position, and every instruction the one of its range", (kind) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.nat(5000),
      fc.integer({ min: -2, max: 600 }),
      (table, first, at) => {
        const found = lookUpLine(kind, table, first, at);
        for (const value of Object.values(found)) expect(value === (value | 0) && value >= 0).toBe(true);
        const ranges = [...lineRanges(kind, table, first)];
        const range = ranges.find(({ start, end }) => start <= at && at < end);
        if (range?.position !== undefined) expect(found).toEqual(range.position);
        if (range === undefined) expect(found).toEqual(line(first));
      },
    ),
  );
});
