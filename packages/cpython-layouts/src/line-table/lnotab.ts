import type { LineCursor } from "./line-cursor.js";

/**
 * `co_lnotab` (up to 3.9): pairs of (bytes of bytecode, lines), both to be added before the next pair applies. Source:
 * Objects/lnotab_notes.txt. A pair of 0 bytes adds to the line alone; the last line has no end.
 */
export function advanceLnotab(table: Uint8Array, cursor: LineCursor): boolean {
  return advancePairs(table, cursor, 24);
}

/** The same before 3.6, when a line could only grow: the lines of a pair are unsigned. */
export function advanceUnsignedLnotab(table: Uint8Array, cursor: LineCursor): boolean {
  return advancePairs(table, cursor, 0);
}

/** `signShift` is 24 to extend the sign of the byte that holds the lines, and 0 not to. */
function advancePairs(table: Uint8Array, cursor: LineCursor, signShift: number): boolean {
  if (cursor.end === Number.POSITIVE_INFINITY) return false;
  cursor.start = cursor.end;
  cursor.line += cursor.pendingDelta;
  while (cursor.offset + 1 < table.length) {
    const bytes = table[cursor.offset] ?? 0;
    const lines = ((table[cursor.offset + 1] ?? 0) << signShift) >> signShift;
    cursor.offset += 2;
    if (bytes > 0) {
      cursor.end = cursor.start + bytes;
      cursor.pendingDelta = lines;
      return true;
    }
    cursor.line += lines;
  }
  cursor.end = Number.POSITIVE_INFINITY;
  return true;
}
