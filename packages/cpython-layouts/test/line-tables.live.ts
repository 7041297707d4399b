import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { findPythons } from "../../../tools/pythons/find-pythons.js";
import { type LineTableKind, layoutFor, lineRanges, lookUpLine } from "../src/index.js";

// Given on standard input: an interpreter in a root of its own does not see this file.
const script = readFileSync(new URL("fixtures/dump-line-tables.py", import.meta.url));

interface Tally {
  functions: number;
  instructions: number;
  /** The first few, for people. */
  readonly mismatches: string[];
}

/** Decodes what `dump-line-tables.py` printed, and compares the place of every instruction. */
function compare(kind: LineTableKind, dump: Buffer): Tally {
  const tally: Tally = { functions: 0, instructions: 0, mismatches: [] };
  let offset = 0;
  while (offset < dump.length) {
    const firstLine = dump.readInt32LE(offset);
    const tableStart = offset + 12;
    const rangesStart = tableStart + dump.readInt32LE(offset + 4);
    const table = dump.subarray(tableStart, rangesStart);
    offset = rangesStart + 24 * dump.readInt32LE(offset + 8);
    tally.functions += 1;
    compareFunction(kind, table, firstLine, dump.subarray(rangesStart, offset), tally);
  }
  return tally;
}

function compareFunction(
  kind: LineTableKind,
  table: Buffer,
  firstLine: number,
  places: Buffer,
  tally: Tally,
): void {
  const numbers = new Int32Array(places.length / 4).map((_, index) => places.readInt32LE(4 * index));
  const decoded = lineRanges(kind, table, firstLine);
  let range = decoded.next().value;
  let lineBefore = firstLine;
  for (let index = 0; index < numbers.length; index += 6) {
    const [start = 0, end = 0, line = 0, column, endLine, endColumn] = numbers.subarray(index, index + 6);
    const expected = line === -1 ? [lineBefore, 0, 0, 0] : [line, column, endLine, endColumn];
    if (line !== -1) lineBefore = line;
    tally.instructions += end - start;
    for (let position = start; position < end; position++) {
      while (range && range.end <= position) range = decoded.next().value;
      const found = range?.position ?? { line: lineBefore, column: 0, endLine: 0, endColumn: 0 };
      const actual = [found.line, found.column, found.endLine, found.endColumn];
      if ((line === -1) !== (range?.position === undefined) || !same(actual, expected)) {
        tally.mismatches.push(`line ${firstLine} at ${position}: ${actual} is not ${expected}`);
      }
    }
    const found = lookUpLine(kind, table, firstLine, end - 1);
    const actual = [found.line, found.column, found.endLine, found.endColumn];
    if (!same(actual, expected))
      tally.mismatches.push(`line ${firstLine} looked up at ${end - 1}: ${actual} is not ${expected}`);
    if (tally.mismatches.length > 10) return;
  }
}

function same(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.every((value, index) => value === right[index]);
}

const pythons = findPythons().map((python) => ({
  ...python,
  kind: layoutFor({ ...python.version, release: "" }, python).code.lineTableKind,
}));

function dumpOf(command: readonly string[], ...options: string[]): Buffer {
  const [program = "", ...words] = command;
  return execFileSync(program, [...words, "-W", "ignore", ...options], {
    maxBuffer: 2 ** 30,
    stdio: ["pipe", "pipe", "ignore"],
    input: script,
  });
}

const MINUTES = 60_000;

describe("in the standard library, every instruction is where the interpreter says", () => {
  test.each(pythons)("$name", { timeout: 5 * MINUTES }, ({ command, kind }) => {
    const { functions, instructions, mismatches } = compare(kind, dumpOf(command, "-", "1"));
    expect(mismatches).toEqual([]);
    expect(functions).toBeGreaterThan(8_000);
    expect(instructions).toBeGreaterThan(500_000);
  });

  test.each(pythons.filter(({ kind }) => kind === "locations"))(
    "$name without columns",
    { timeout: MINUTES },
    (python) => {
      const { functions, mismatches } = compare(
        python.kind,
        dumpOf(python.command, "-X", "no_debug_ranges", "-", "20"),
      );
      expect(mismatches).toEqual([]);
      expect(functions).toBeGreaterThan(300);
    },
  );
});
