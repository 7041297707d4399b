import { viewOf } from "../object-view.js";
import { debugOffsetsFields } from "../versions/debug-offsets-fields.js";

/** A minor version whose list of fields is known. */
export type KnownMinor = keyof typeof debugOffsetsFields;

/** The name of a field: `group.field`, where a group is a struct. */
export type Field = (typeof debugOffsetsFields)[KnownMinor][number];

/** What the fields of a table say: all that 3.13 has, and some of those that came later. */
export type Offsets = Readonly<
  Record<(typeof debugOffsetsFields)[13][number], number> & Partial<Record<Field, number>>
>;

export const HEADER_SIZE = 24;

/** Fields that builds with a GIL fill with 0. */
const freeThreadedFields: ReadonlySet<Field> = new Set<Field>([
  "interpreter_state.tlbc_generation",
  "interpreter_frame.tlbc_index",
  "code_object.co_tlbc",
]);

/** Reads the fields behind the header. What a field says may be anything up to 2^64, rounded above 2^53. */
export function readOffsets(table: Uint8Array, minor: KnownMinor, freeThreaded: boolean): Offsets {
  const fields: readonly Field[] = debugOffsetsFields[minor];
  const offsets: Partial<Record<Field, number>> = {};
  fields.forEach((field, index) => {
    if (freeThreaded || !freeThreadedFields.has(field))
      offsets[field] = readU64(table, HEADER_SIZE + 8 * index);
  });
  return offsets as Offsets;
}

export function readU64(bytes: Uint8Array, offset: number): number {
  return Number(viewOf(bytes).getBigUint64(offset, true));
}
