import type { Layout } from "../layout.js";
import { viewOf, wordAt } from "../object-view.js";

/**
 * Takes fields of an object out of its bytes: addresses, or numbers that are not negative. Undefined if the bytes are too
 * few.
 */
export type WordDecoder<Name extends string> = (
  layout: Layout,
  object: Uint8Array,
) => Readonly<Record<Name, number>> | undefined;

/**
 * Decodes what most objects of C are behind their header: a row of pointers and sizes, a word each.
 *
 * @param places - which word each field is, counted from the end of the header
 */
export function wordsOf<Name extends string>(places: Readonly<Record<Name, number>>): WordDecoder<Name> {
  const fields = Object.entries<number>(places);
  const end = Math.max(...fields.map(([, place]) => place)) + 1;
  return (layout, object) => {
    if (object.length < wordOffset(layout, end)) return undefined;
    const view = viewOf(object);
    const values = fields.map(([name, place]) => [name, wordAt(layout, view, wordOffset(layout, place))]);
    return Object.fromEntries(values);
  };
}

/** Where the word at a place behind the header is. */
export function wordOffset({ object, pointerSize }: Layout, place: number): number {
  return object.size + place * pointerSize;
}

/** A `Py_ssize_t`, which is exact at any size. */
export function signedWordAt({ pointerSize }: Layout, view: DataView, offset: number): bigint {
  return pointerSize === 8 ? view.getBigInt64(offset, true) : BigInt(view.getInt32(offset, true));
}
