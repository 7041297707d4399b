import type { Layout, PythonVersion } from "../layout.js";
import { isPlausible, viewOf } from "../object-view.js";
import { signedWordAt, type WordDecoder, wordOffset, wordsOf } from "./words.js";

/** What a `collections.deque` says about its items, which are in blocks that are linked to the next ones. */
export interface DequeHeader {
  readonly length: number;
  /** Undefined if it can grow. */
  readonly maximum: bigint | undefined;
  /** Address of the first block. */
  readonly leftBlock: number;
  /** Which item of that block is the first one. */
  readonly leftIndex: number;
  readonly block: DequeBlock;
}

/** What a block is like: offsets in bytes. */
export interface DequeBlock {
  /** Of the addresses of items. */
  readonly items: number;
  /** As many items as it has room for. */
  readonly length: number;
  /** Of the address of the next block. */
  readonly next: number;
}

/**
 * The header of a `collections.deque` (`dequeobject`, Modules/_collectionsmodule.c).
 *
 * @returns undefined if these bytes are not such an object, or too few, and for versions that nobody has looked at: up to 2.6, and
 *   3.3 and 3.4
 */
export function dequeHeader(layout: Layout, object: Uint8Array): DequeHeader | undefined {
  const { pointerSize, version } = layout;
  const kind = kindOf(version);
  const words = kind?.decode(layout, object);
  if (kind === undefined || words === undefined || !isPlausible(words.length, pointerSize)) return undefined;
  const maximum = signedWordAt(layout, viewOf(object), wordOffset(layout, MAXIMUM));
  const { blockItems, items, next } = kind;
  return {
    length: words.length,
    maximum: maximum < 0n ? undefined : maximum,
    leftBlock: words.leftBlock,
    leftIndex: words.leftIndex,
    block: { items: items * pointerSize, length: blockItems, next: next * pointerSize },
  };
}

/** `maxlen`, in both; -1 if there is none. */
const MAXIMUM = 6;

interface DequeKind {
  readonly decode: WordDecoder<"length" | "leftBlock" | "leftIndex" | "maximum">;
  /** `BLOCKLEN` */
  readonly blockItems: number;
  /** Words of a block. */
  readonly items: number;
  readonly next: number;
}

function kindOf({ major, minor }: PythonVersion): DequeKind | undefined {
  if (major === 2) return minor === 7 ? deque2 : undefined;
  return minor >= 5 ? deque3 : undefined;
}

/** Blocks are items, the next one, the one before. */
const deque2: DequeKind = {
  decode: wordsOf({ leftBlock: 0, leftIndex: 2, length: 4, maximum: MAXIMUM }),
  blockItems: 62,
  items: 0,
  next: 62,
};

/** The length is `ob_size`. Blocks are the one before, items, the next one. */
const deque3: DequeKind = {
  decode: wordsOf({ length: 0, leftBlock: 1, leftIndex: 3, maximum: MAXIMUM }),
  blockItems: 64,
  items: 1,
  next: 65,
};
