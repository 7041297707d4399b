import type { LineTableKind } from "@pyspy/cpython-layouts";

/** A line table of a function of eight code units (16 bytes). */
export interface SyntheticLineTable {
  /** What the code object or its line table holds. */
  readonly bytes: Uint8Array;
  /** The code unit whose line is the wanted one; units before and after have other lines. */
  readonly unit: number;
}

/** How long the bytecode is that the table describes, in units of two bytes. */
export const CODE_UNITS = 8;

/** A table in which one instruction in the middle is `delta` (0 … 31) lines below the first line. */
export function lineTable(kind: LineTableKind, delta: number): SyntheticLineTable {
  return { bytes: Uint8Array.from(encoded(kind, delta)), unit: 4 };
}

function encoded(kind: LineTableKind, delta: number): readonly number[] {
  switch (kind) {
    case "lnotab-unsigned":
    case "lnotab":
      return [6, delta, 6, 5]; // (bytes, lines) to go on
    case "linetable":
      return [6, 0, 6, delta, 4, 5]; // (bytes, lines) of each range
    case "locations": {
      const entry = (code: number, units: number) => 0x80 | (code << 3) | (units - 1);
      const signed = (value: number) => value << 1;
      // No columns; then a long form with columns 4 to 8 of that same line; then no columns again.
      return [entry(13, 3), signed(0), entry(14, 3), signed(delta) & 0x3f, 0, 5, 9, entry(13, 2), signed(5)];
    }
  }
}
