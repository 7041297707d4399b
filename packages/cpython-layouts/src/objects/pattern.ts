/**
 * Regular expressions: Modules/_sre/sre.h (up to 3.10 Modules/sre.h). The first word behind the header of both objects is
 * `ob_size`.
 */
import type { Layout } from "../layout.js";
import { viewOf, wordAt } from "../object-view.js";
import { wordOffset, wordsOf } from "./words.js";

/** A `re.Pattern` (`PatternObject`): the address of its text, and its flags (an int). Undefined if the bytes are too few. */
export function decodePattern(
  layout: Layout,
  object: Uint8Array,
): { readonly text: number; readonly flags: number } | undefined {
  const flagsAt = wordOffset(layout, 5);
  if (object.length < flagsAt + 4) return undefined;
  const view = viewOf(object);
  return { text: wordAt(layout, view, wordOffset(layout, 4)), flags: view.getInt32(flagsAt, true) };
}

/**
 * A `re.Match` (`MatchObject`): the address of the text, and where the match starts and ends in it. Between them are a
 * cache, the pattern, where it was to start and end, and two numbers of groups.
 */
export const decodeMatch = wordsOf({ text: 1, start: 8, end: 9 });
