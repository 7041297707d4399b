import type { Layout } from "../layout.js";
import { viewOf } from "../object-view.js";
import { wordsOf } from "./words.js";

/** A `slice` (`PySliceObject`, Include/sliceobject.h): addresses of its parts. */
export const decodeSlice = wordsOf({ start: 0, stop: 1, step: 2 });

/** A `range` of 3.x (`rangeobject`, Objects/rangeobject.c): addresses of ints. */
export const decodeRange = wordsOf({ start: 0, stop: 1, step: 2, length: 3 });

/** An `xrange` of 2.x (`rangeobject`, Objects/rangeobject.c): three of C's `long`. Undefined if the bytes are too few. */
export function decodeXrange(
  { object: { size }, int: { longSize } }: Layout,
  object: Uint8Array,
): { readonly start: bigint; readonly step: bigint; readonly length: bigint } | undefined {
  if (object.length < size + 3 * longSize) return undefined;
  const view = viewOf(object);
  const at = (index: number): bigint => {
    const offset = size + index * longSize;
    return longSize === 8 ? view.getBigInt64(offset, true) : BigInt(view.getInt32(offset, true));
  };
  return { start: at(0), step: at(1), length: at(2) };
}
