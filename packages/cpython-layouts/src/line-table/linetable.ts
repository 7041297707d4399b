import type { LineCursor } from "./line-cursor.js";

const NO_LINE = -128;

/** `co_linetable` of 3.10 (PEP 626): pairs of (u8 bytes of bytecode, i8 lines), where -128 lines say that the range has none. */
export function advanceLinetable(table: Uint8Array, cursor: LineCursor): boolean {
  if (cursor.offset + 1 >= table.length) return false;
  const delta = ((table[cursor.offset + 1] ?? 0) << 24) >> 24;
  cursor.start = cursor.end;
  cursor.end += table[cursor.offset] ?? 0;
  cursor.offset += 2;
  cursor.hasLine = delta !== NO_LINE;
  if (cursor.hasLine) cursor.line += delta;
  return true;
}
