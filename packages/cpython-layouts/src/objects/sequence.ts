import { ABSENT, type Layout } from "../layout.js";
import { type DataLocation, isPlausible, sizeAt, sizedHeaderEnd, viewOf, wordAt } from "../object-view.js";

/** What a tuple or list says about its items, whose addresses are the data. */
export interface SequenceHeader extends DataLocation {
  readonly length: number;
}

/**
 * The header of a tuple.
 *
 * @param object - bytes of the object from its start; `OBJECT_READ_SIZE` are enough
 * @returns undefined if these bytes are not a tuple, or too few
 */
export function tupleHeader(layout: Layout, object: Uint8Array): SequenceHeader | undefined {
  const length = lengthOf(layout, object);
  if (length === undefined) return undefined;
  return {
    length,
    byteLength: length * layout.pointerSize,
    dataOffset: layout.sequence.tupleItems,
    dataAddress: undefined,
  };
}

/** The header of a list; as {@link tupleHeader}. */
export function listHeader(layout: Layout, object: Uint8Array): SequenceHeader | undefined {
  const { listItems } = layout.sequence;
  const length = lengthOf(layout, object);
  if (length === undefined || object.length < listItems + layout.pointerSize) return undefined;
  return {
    length,
    byteLength: length * layout.pointerSize,
    dataOffset: ABSENT,
    dataAddress: wordAt(layout, viewOf(object), listItems),
  };
}

function lengthOf(layout: Layout, object: Uint8Array): number | undefined {
  if (object.length < sizedHeaderEnd(layout)) return undefined;
  const length = sizeAt(layout, viewOf(object));
  return isPlausible(length, layout.pointerSize) ? length : undefined;
}

/** The pointers in `data`, as many as are whole. */
export function decodePointers(layout: Layout, data: Uint8Array): number[] {
  const view = viewOf(data);
  const pointers: number[] = [];
  for (let offset = 0; offset + layout.pointerSize <= data.length; offset += layout.pointerSize) {
    pointers.push(wordAt(layout, view, offset));
  }
  return pointers;
}
