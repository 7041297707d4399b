/** Iterators of `itertools`: Modules/itertoolsmodule.c. */
import type { Layout } from "../layout.js";
import { viewOf, wordAt } from "../object-view.js";
import { signedWordAt, wordOffset, wordsOf } from "./words.js";

/** `itertools.count`: what comes next. */
export interface Count {
  /** Undefined if it is in an object. */
  readonly next: bigint | undefined;
  /** Address of that object, or 0. */
  readonly nextObject: number;
  /** Address of the step, in some versions 0 if that is 1. */
  readonly step: number;
}

const countObjects = wordsOf({ nextObject: 1, step: 2 });

/**
 * A `countobject`: a `Py_ssize_t`, which is the greatest one if it is not used, and two objects. Undefined if the bytes are
 * too few.
 */
export function decodeCount(layout: Layout, object: Uint8Array): Count | undefined {
  const objects = countObjects(layout, object);
  if (objects === undefined) return undefined;
  const next = signedWordAt(layout, viewOf(object), wordOffset(layout, 0));
  const isInObject = next === 2n ** BigInt(8 * layout.pointerSize - 1) - 1n;
  return { next: isInObject ? undefined : next, ...objects };
}

/**
 * A `repeatobject`: the address of what is repeated, and how often it will be; negative is for ever. Undefined if the bytes
 * are too few.
 */
export function decodeRepeat(
  layout: Layout,
  object: Uint8Array,
): { readonly element: number; readonly count: bigint } | undefined {
  if (object.length < wordOffset(layout, 2)) return undefined;
  const view = viewOf(object);
  return {
    element: wordAt(layout, view, wordOffset(layout, 0)),
    count: signedWordAt(layout, view, wordOffset(layout, 1)),
  };
}
