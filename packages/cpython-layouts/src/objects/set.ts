import { ABSENT, type Layout } from "../layout.js";
import { type DataLocation, isPlausible, viewOf, wordAt } from "../object-view.js";

/** What a `set` or `frozenset` says about its table, which is the data. */
export interface SetHeader extends DataLocation {
  /** Number of members. */
  readonly used: number;
}

/**
 * The header of a `set` or `frozenset` (2.5+).
 *
 * @param object - bytes of the object from its start; `OBJECT_READ_SIZE` are enough
 * @returns undefined if these bytes are not a set, or too few
 */
export function setHeader(layout: Layout, object: Uint8Array): SetHeader | undefined {
  const { used, mask, table } = layout.set;
  if (table === ABSENT || object.length < Math.max(used, mask, table) + layout.pointerSize) return undefined;
  const view = viewOf(object);
  const slots = wordAt(layout, view, mask) + 1;
  const entrySize = 2 * layout.pointerSize;
  if (!isPlausible(slots, entrySize)) return undefined;
  return {
    used: wordAt(layout, view, used),
    byteLength: slots * entrySize,
    dataOffset: ABSENT,
    dataAddress: wordAt(layout, view, table),
  };
}

/**
 * The addresses of a set's members in the order of its table.
 *
 * @param data - the table of {@link setHeader}; if it is cut off, members are missing
 */
export function decodeSetEntries(layout: Layout, data: Uint8Array): number[] {
  const { entryKey, entryHash } = layout.set;
  const entrySize = 2 * layout.pointerSize;
  const view = viewOf(data);
  const members: number[] = [];
  for (let offset = 0; offset + entrySize <= data.length; offset += entrySize) {
    const key = wordAt(layout, view, offset + entryKey);
    // A hash is never -1: that is the entry of a member that was taken out.
    if (key !== 0 && !isMinusOne(layout, view, offset + entryHash)) members.push(key);
  }
  return members;
}

function isMinusOne({ pointerSize }: Layout, view: DataView, offset: number): boolean {
  return view.getInt32(offset, true) === -1 && (pointerSize === 4 || view.getInt32(offset + 4, true) === -1);
}
