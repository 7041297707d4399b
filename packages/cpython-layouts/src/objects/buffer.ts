/** Objects that are bytes in a row, or show them. The first word behind their header is `ob_size`. */
import { ABSENT, type Layout } from "../layout.js";
import type { DataLocation } from "../object-view.js";
import { bytesHeader } from "./bytes.js";
import { wordOffset, wordsOf } from "./words.js";

const byteArrayWords = wordsOf({ start: 3 });

/**
 * Where the contents of a `bytearray` are: `ob_start` of `PyByteArrayObject` (Include/cpython/bytearrayobject.h), which in
 * 2.x is `ob_bytes`.
 *
 * @returns undefined if these bytes are not such an object, or too few
 */
export function byteArrayHeader(layout: Layout, object: Uint8Array): DataLocation | undefined {
  const words = byteArrayWords(layout, object);
  const size = words && bytesHeader(layout, object);
  return size && { byteLength: size.byteLength, dataOffset: ABSENT, dataAddress: words.start };
}

/**
 * An `array.array` (`arrayobject`, Modules/arraymodule.c): how many items, the address of the first, and that of what
 * describes them, which begins with the letter of their type.
 */
export const decodeArray = wordsOf({ length: 0, items: 1, description: 3 });

/**
 * A `memoryview` (`PyMemoryViewObject`, Include/cpython/memoryobject.h; 3.3+): behind a buffer and a hash, flags. Undefined
 * if the bytes are too few.
 */
export function decodeMemoryView(
  layout: Layout,
  object: Uint8Array,
): { readonly isReleased: boolean } | undefined {
  const flags = object[wordOffset(layout, 3)];
  return flags === undefined ? undefined : { isReleased: (flags & 1) === 1 };
}
