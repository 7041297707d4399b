import type { LineTableKind } from "../layout.js";
import { type AdvanceLine, type LineCursor, lineCursor } from "./line-cursor.js";
import { advanceLinetable } from "./linetable.js";
import { advanceLnotab, advanceUnsignedLnotab } from "./lnotab.js";
import { advanceLocations } from "./locations.js";

/**
 * Where in its file an instruction comes from. Lines and columns count from 1 and 0 is unknown. Columns are bytes of
 * UTF-8, as in CPython, which counts them from 0; `endColumn` is that of the first byte after.
 */
export interface CodePosition {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Instructions that share a position. */
export interface LineRange {
  /** First instruction, in the table's own unit: bytes of bytecode up to 3.10, code units of 2 bytes from 3.11 on. */
  readonly start: number;
  /** First instruction after the range; `Infinity` for the last range of an `lnotab`, which does not say. */
  readonly end: number;
  /** Undefined where the table says that these instructions belong to no line (3.10+). */
  readonly position: CodePosition | undefined;
}

const encodings: Readonly<Record<LineTableKind, AdvanceLine>> = {
  "lnotab-unsigned": advanceUnsignedLnotab,
  lnotab: advanceLnotab,
  linetable: advanceLinetable,
  locations: advanceLocations,
};

/**
 * The position in the source of the instruction at `position`, which `linePosition` makes of a frame.
 *
 * A negative position (a frame that has not started) and one outside the table are at `firstLine`. An instruction that
 * has no line of its own is at the line before it. Any bytes give a value.
 *
 * @param kind - `layout.code.lineTableKind`
 * @param table - the contents of the object that `layout.code.linetable` points to
 * @param firstLine - `co_firstlineno`
 * @example lookUpLine("lnotab", Uint8Array.of(0, 1, 10, 1), 3, 12).line // 5
 */
export function lookUpLine(
  kind: LineTableKind,
  table: Uint8Array,
  firstLine: number,
  position: number,
): CodePosition {
  if (position >= 0) {
    const advance = encodings[kind];
    const cursor = lineCursor(firstLine);
    while (advance(table, cursor)) {
      if (position < cursor.end) return cursor.hasLine ? positionAt(cursor) : lineOnly(cursor.line);
    }
  }
  return lineOnly(firstLine);
}

/** All ranges of a line table in the order of the instructions. Arguments as in {@link lookUpLine}. */
export function* lineRanges(kind: LineTableKind, table: Uint8Array, firstLine: number): Generator<LineRange> {
  const advance = encodings[kind];
  const cursor = lineCursor(firstLine);
  while (advance(table, cursor)) {
    const { start, end } = cursor;
    if (start < end) yield { start, end, position: cursor.hasLine ? positionAt(cursor) : undefined };
  }
}

function positionAt(cursor: LineCursor): CodePosition {
  return {
    line: known(cursor.line),
    column: known(cursor.column),
    endLine: known(cursor.endLine),
    endColumn: known(cursor.endColumn),
  };
}

function lineOnly(line: number): CodePosition {
  return { line: known(line), column: 0, endLine: 0, endColumn: 0 };
}

/** Damaged tables give lines that no file has; they are unknown, so that every consumer can keep an i32. */
function known(value: number): number {
  return value > 0 && value <= 0x7fffffff ? value : 0;
}
