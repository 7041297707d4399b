import { ABSENT, type Layout } from "../layout.js";
import { isPlausible, viewOf, wordAt } from "../object-view.js";
import { signedWordAt } from "./words.js";

/**
 * What a `collections.deque` says about its items. They are in blocks that are linked to the next ones: `layout.deque` says what
 * is where in a block.
 */
export interface DequeHeader {
  readonly length: number;
  /** Undefined if it can grow. */
  readonly maximum: bigint | undefined;
  /** Address of the first block. */
  readonly leftBlock: number;
  /** Which item of that block is the first one. */
  readonly leftIndex: number;
}

/**
 * The header of a `collections.deque` (`dequeobject`, Modules/_collectionsmodule.c).
 *
 * @returns undefined if these bytes are not such an object, or too few, or the layout does not know it
 */
export function dequeHeader(layout: Layout, object: Uint8Array): DequeHeader | undefined {
  const { length: lengthAt, leftblock, leftindex, maxlen } = layout.deque;
  if (maxlen === ABSENT || object.length < maxlen + layout.pointerSize) return undefined;
  const view = viewOf(object);
  const length = wordAt(layout, view, lengthAt);
  if (!isPlausible(length, layout.pointerSize)) return undefined;
  const maximum = signedWordAt(layout, view, maxlen);
  return {
    length,
    maximum: maximum < 0n ? undefined : maximum,
    leftBlock: wordAt(layout, view, leftblock),
    leftIndex: wordAt(layout, view, leftindex),
  };
}
