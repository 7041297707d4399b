import { decodeOrderedDict, decodeOrderedNode, listHeader, ORDERED_NODE_WORDS } from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { attributeOf } from "./attributes.js";
import type { PythonType } from "./python-type.js";
import type { Item } from "./render-containers.js";
import type { RemoteObject, Rendering } from "./rendering.js";

/** Items of which the order is looked up. */
const MAX_ORDERED = 4096;

/** The items of a `collections.OrderedDict`, which has its order in a list of links; a `move_to_end` changes it there alone. */
export function orderedItems(rendering: Rendering, object: RemoteObject): Iterable<Item> {
  const { objects } = rendering;
  const entries = objects.dictEntries(object.address, object.bytes);
  const keys = orderedKeys(rendering, object);
  if (keys === undefined) return entries;
  return inOrder(entries, keys);
}

/** Reads no more entries than are needed until the next key in order is among them. */
function* inOrder(entries: Generator<Item>, keys: Iterable<Address>): Generator<Item> {
  const values = new Map<Address, Address>();
  for (const key of keys) {
    while (!values.has(key) && values.size < MAX_ORDERED) {
      const { value: entry, done } = entries.next();
      if (done) break;
      values.set(entry.key, entry.value);
    }
    const value = values.get(key);
    if (value === undefined) return;
    yield { key, value };
  }
}

function orderedKeys(rendering: Rendering, object: RemoteObject): Iterable<Address> | undefined {
  for (const type of rendering.types.lineage(object.type)) {
    if (type.fullName === "collections.OrderedDict" && type.isStatic) return nodeKeys(rendering, object);
  }
  const root = attributeOf(rendering, object, "_OrderedDict__root");
  return root !== 0 && rendering.read(root)?.type.kind === "list" ? linkKeys(rendering, root) : undefined;
}

/** C's (3.5+). */
function* nodeKeys(rendering: Rendering, object: RemoteObject): Generator<Address> {
  const { layout, objects } = rendering;
  const dict = dictIn(rendering, object);
  let next = dict && decodeOrderedDict(layout, object.bytes, dict.header)?.firstNode;
  for (let count = 0; next && count < MAX_ORDERED; count++) {
    const node = decodeOrderedNode(layout, objects.bytes(next, ORDERED_NODE_WORDS * layout.pointerSize));
    if (node === undefined) return;
    yield node.key;
    next = node.next;
  }
}

/** Python's (2.7): a circle of lists [previous, next, key]. */
function* linkKeys({ layout, objects }: Rendering, root: Address): Generator<Address> {
  const linkAt = (address: Address): Address[] => {
    const header = listHeader(layout, objects.object(address));
    return header?.dataAddress === undefined
      ? []
      : objects.pointers(header.dataAddress, Math.min(header.length, 3));
  };
  let link = linkAt(root)[1] ?? 0;
  for (let count = 0; link !== root && link !== 0 && count < MAX_ORDERED; count++) {
    const [, next = 0, key = 0] = linkAt(link);
    yield key;
    link = next;
  }
}

/** The type `dict`, where an object is of a kind of that. */
export function dictIn({ types }: Rendering, { type }: RemoteObject): PythonType | undefined {
  for (const base of types.lineage(type)) if (base.fullName === "dict") return base;
  return undefined;
}
