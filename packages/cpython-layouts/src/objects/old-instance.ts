import type { Layout } from "../layout.js";
import { viewOf, wordAt } from "../object-view.js";

/** What an instance of an old-style class (2.x, no base class) refers to: it is of the type `instance`, like all such. */
export interface OldInstance {
  /** Address of the class. */
  readonly class: number;
  /** Address of the dict of its attributes. */
  readonly dict: number;
}

/** The contents of an `instance` of 2.x; undefined if the bytes are too few. */
export function decodeOldInstance(layout: Layout, object: Uint8Array): OldInstance | undefined {
  const { size } = layout.object;
  const { pointerSize } = layout;
  if (object.length < size + 2 * pointerSize) return undefined;
  const view = viewOf(object);
  return { class: wordAt(layout, view, size), dict: wordAt(layout, view, size + pointerSize) };
}

/** Address of the name, a `str`, of an old-style class; undefined if the bytes are too few. */
export function decodeOldClassName(layout: Layout, object: Uint8Array): number | undefined {
  // cl_bases and cl_dict are in front of it.
  const offset = layout.object.size + 2 * layout.pointerSize;
  return object.length < offset + layout.pointerSize ? undefined : wordAt(layout, viewOf(object), offset);
}
