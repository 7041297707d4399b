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
 * Up to 3.4 a member that was taken out leaves an object behind that nothing marks, the same for all. It is told by being
 * there twice; if only one was taken out, there is one address more than `header.used`, and the one too many is that of an
 * object that says `<dummy key>` of itself: a string, or in 3.4 the only instance of a type with that name.
 *
 * @param data - the table of {@link setHeader}; if it is cut off, members are missing
 */
export function decodeSetEntries(layout: Layout, data: Uint8Array): number[] {
  const { entryKey, entryHash, marksRemoved } = layout.set;
  const entrySize = 2 * layout.pointerSize;
  const view = viewOf(data);
  const members: number[] = [];
  for (let offset = 0; offset + entrySize <= data.length; offset += entrySize) {
    const key = wordAt(layout, view, offset + entryKey);
    // A hash is never -1: that is the entry of a member that was taken out.
    if (key !== 0 && !(marksRemoved && isMinusOne(layout, view, offset + entryHash))) members.push(key);
  }
  return marksRemoved ? members : withoutRepeated(members);
}

function withoutRepeated(members: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const member of members) counts.set(member, (counts.get(member) ?? 0) + 1);
  return members.filter((member) => counts.get(member) === 1);
}

function isMinusOne({ pointerSize }: Layout, view: DataView, offset: number): boolean {
  return view.getInt32(offset, true) === -1 && (pointerSize === 4 || view.getInt32(offset + 4, true) === -1);
}
