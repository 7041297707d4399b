import type { LineCursor } from "./line-cursor.js";

/**
 * `co_linetable` from 3.11 on (PEP 657, Objects/locations.md): entries of a first byte 1CCCCLLL, C the code that says
 * how line and columns are written, L + 1 the length in code units, and then what the code asks for. The table's
 * columns count from 0.
 */
export function advanceLocations(table: Uint8Array, cursor: LineCursor): boolean {
  if (cursor.offset >= table.length) return false;
  const first = byteOf(table, cursor);
  const code = (first >> 3) & 15;
  cursor.start = cursor.end;
  cursor.end += (first & 7) + 1;
  cursor.hasLine = code !== 15;
  cursor.column = 0;
  cursor.endColumn = 0;
  if (code === 15) return true;
  if (code === 14) {
    cursor.line += signedVarint(table, cursor);
    cursor.endLine = cursor.line + varint(table, cursor);
    // Written with 1 added, so that 0 is "none": already counted from 1.
    cursor.column = varint(table, cursor);
    cursor.endColumn = varint(table, cursor);
  } else if (code === 13) {
    cursor.line += signedVarint(table, cursor);
    cursor.endLine = cursor.line;
  } else if (code >= 10) {
    cursor.line += code - 10;
    cursor.endLine = cursor.line;
    cursor.column = byteOf(table, cursor) + 1;
    cursor.endColumn = byteOf(table, cursor) + 1;
  } else {
    const second = byteOf(table, cursor);
    cursor.endLine = cursor.line;
    cursor.column = code * 8 + (second >> 4) + 1;
    cursor.endColumn = cursor.column + (second & 15);
  }
  return true;
}

function byteOf(table: Uint8Array, cursor: LineCursor): number {
  return table[cursor.offset++] ?? 0;
}

/** Six bits a byte, lowest first; bit 6 says that more follow. CPython's hold 32 bits: what is above is dropped. */
function varint(table: Uint8Array, cursor: LineCursor): number {
  let value = 0;
  let scale = 1;
  let byte: number;
  do {
    byte = byteOf(table, cursor);
    if (scale <= 2 ** 30) value += (byte & 63) * scale;
    scale *= 64;
  } while ((byte & 64) !== 0);
  return value;
}

function signedVarint(table: Uint8Array, cursor: LineCursor): number {
  const value = varint(table, cursor);
  const magnitude = Math.floor(value / 2);
  return value % 2 === 1 ? -magnitude : magnitude;
}
