/** Kinds of dicts and what shows a dict. */
import type { Layout } from "../layout.js";
import { viewOf, wordAt } from "../object-view.js";
import type { TypeHeader } from "./type.js";
import { wordsOf } from "./words.js";

/**
 * `dict_keys` and the like, also of an `OrderedDict` (`_PyDictViewObject`, Objects/dictobject.c): the address of the dict.
 */
export const decodeDictView = wordsOf({ dict: 0 });

/** A `mappingproxy` (`mappingproxyobject`, Objects/descrobject.c), in 2.x `dictproxy`: the address of the mapping. */
export const decodeMappingProxy = wordsOf({ mapping: 0 });

/**
 * A `collections.defaultdict` (`defdictobject`, Modules/_collectionsmodule.c): the address of what makes missing values, or
 * 0.
 *
 * @param dict - the type `dict`, because it is behind one
 * @returns undefined if the bytes are too few
 */
export function decodeDefaultDict(
  layout: Layout,
  object: Uint8Array,
  dict: Pick<TypeHeader, "basicSize">,
): { readonly factory: number } | undefined {
  const factory = wordBehind(layout, object, dict);
  return factory === undefined ? undefined : { factory };
}

/**
 * A `collections.OrderedDict` of C (`PyODictObject`, Objects/odictobject.c; 3.5+): the address of its first node, or 0; as
 * {@link decodeDefaultDict}.
 */
export function decodeOrderedDict(
  layout: Layout,
  object: Uint8Array,
  dict: Pick<TypeHeader, "basicSize">,
): { readonly firstNode: number } | undefined {
  const firstNode = wordBehind(layout, object, dict);
  return firstNode === undefined ? undefined : { firstNode };
}

function wordBehind(
  layout: Layout,
  object: Uint8Array,
  { basicSize }: Pick<TypeHeader, "basicSize">,
): number | undefined {
  if (basicSize < 0 || object.length < basicSize + layout.pointerSize) return undefined;
  return wordAt(layout, viewOf(object), basicSize);
}

/** Words to read for {@link decodeOrderedNode}. */
export const ORDERED_NODE_WORDS = 3;

/**
 * A node of an `OrderedDict` (`_odictnode`, Objects/odictobject.c): the key, a hash, the next node.
 *
 * @param node - bytes of the node
 * @returns addresses of the key and of the next node, or 0; undefined if the bytes are too few
 */
export function decodeOrderedNode(
  layout: Layout,
  node: Uint8Array,
): { readonly key: number; readonly next: number } | undefined {
  const { pointerSize } = layout;
  if (node.length < ORDERED_NODE_WORDS * pointerSize) return undefined;
  const view = viewOf(node);
  return { key: wordAt(layout, view, 0), next: wordAt(layout, view, 2 * pointerSize) };
}
