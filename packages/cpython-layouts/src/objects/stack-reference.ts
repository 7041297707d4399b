import type { Layout } from "../layout.js";
import { viewOf, wordAt } from "../object-view.js";

/** What a slot of a frame's locals or value stack holds. */
export type StackReference =
  | { readonly kind: "null" }
  | { readonly kind: "object"; readonly address: number }
  /** An integer that is no object, which only the interpreter itself uses. */
  | { readonly kind: "integer"; readonly value: number };

/**
 * What a slot of a frame holds. A plain pointer up to 3.13; from then on the lowest bits say what the rest is.
 *
 * @param offset - where in `slots` the slot is
 * @returns undefined if `slots` ends before
 */
export function decodeStackReference(
  layout: Layout,
  slots: Uint8Array,
  offset = 0,
): StackReference | undefined {
  if (offset < 0 || offset + layout.pointerSize > slots.length) return undefined;
  const view = viewOf(slots);
  const { tagBits, integerTag } = layout.stackReference;
  const tag = view.getUint32(offset, true) & tagBits;
  if (tagBits !== 0 && tag === integerTag) return { kind: "integer", value: integerAt(layout, view, offset) };
  const address = wordAt(layout, view, offset) - tag;
  return address === 0 ? { kind: "null" } : { kind: "object", address };
}

/** The word without its two lowest bits, with its sign. */
function integerAt({ pointerSize }: Layout, view: DataView, offset: number): number {
  const low = view.getInt32(offset, true);
  return pointerSize === 4 ? low >> 2 : view.getInt32(offset + 4, true) * 2 ** 30 + (low >>> 2);
}
