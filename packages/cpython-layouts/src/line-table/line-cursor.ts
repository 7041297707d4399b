/**
 * A place in a line table, moved forward range by range. One mutable object a lookup instead of one a range: tables
 * of large modules have tens of thousands of ranges and are decoded while a sampler runs.
 */
export interface LineCursor {
  /** Next byte of the table. */
  offset: number;
  /** First instruction of the current range, in the table's own unit. */
  start: number;
  /** First instruction after it. */
  end: number;
  /** Line of the current range or, where that has none, of the range before it. */
  line: number;
  /** What to add to `line` at `end`. */
  pendingDelta: number;
  hasLine: boolean;
  endLine: number;
  /** Counted from 1 in bytes of UTF-8; 0 is unknown. */
  column: number;
  endColumn: number;
}

/** Moves to the next range; false at the end of the table. Terminates on any bytes, in one step a byte at most. */
export type AdvanceLine = (table: Uint8Array, cursor: LineCursor) => boolean;

export function lineCursor(firstLine: number): LineCursor {
  return {
    offset: 0,
    start: 0,
    end: 0,
    line: firstLine,
    pendingDelta: 0,
    hasLine: true,
    endLine: 0,
    column: 0,
    endColumn: 0,
  };
}
