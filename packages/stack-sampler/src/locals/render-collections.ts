import { dictHeader, listHeader } from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { attributeOf } from "./attributes.js";
import { type DequeLayout, dequeLayoutOf } from "./deque-layout.js";
import { type Item, usedOf, writeItems, writeValueOf, writeValues } from "./render-containers.js";
import { smallInteger } from "./render-scalars.js";
import type { RemoteObject, Renderer, Rendering } from "./rendering.js";

/** A `Py_ssize_t` is negative when it is greater. */
const MAX_SIZE = 2 ** 47;

/** `collections.deque`: blocks of items that are linked to the next ones. */
export const renderDeque: Renderer = (rendering, object) => {
  const at = dequeLayoutOf(rendering.layout.version);
  if (at === undefined) return false;
  const length = rendering.field(object, at.length);
  if (length > MAX_SIZE) return false;
  const maximum = rendering.field(object, at.maximum);
  const close = maximum <= MAX_SIZE ? `], maxlen=${maximum})` : "])";
  const start = {
    block: rendering.field(object, at.leftBlock),
    index: rendering.field(object, at.leftIndex),
  };
  writeValues(
    rendering,
    `${nameOf(rendering, object, "deque")}([`,
    close,
    length,
    dequeItems(rendering, at, start, length),
  );
  return true;
};

/** What C writes of a collection that may be of a subclass. */
function nameOf({ spelling }: Rendering, { type }: RemoteObject, builtin: string): string {
  return spelling.namesSubclasses ? type.name : builtin;
}

function* dequeItems(
  { layout, objects }: Rendering,
  at: DequeLayout,
  start: { readonly block: Address; readonly index: number },
  length: number,
): Generator<Address> {
  let { block, index } = start;
  for (let left = length; left > 0 && block !== 0 && index < at.blockItems; index = 0) {
    const items = objects.pointers(
      block + (at.items + index) * layout.pointerSize,
      Math.min(at.blockItems - index, left),
    );
    if (items.length === 0) return;
    yield* items;
    left -= items.length;
    block = objects.pointer(block + at.next * layout.pointerSize);
  }
}

/** `collections.defaultdict`: a dict, and behind it where missing values come from. */
export const renderDefaultDict: Renderer = (rendering, object) => {
  const used = usedOf(rendering, object);
  const end = endOfDict(rendering, object);
  if (used === undefined || end === undefined) return false;
  const { objects, out } = rendering;
  const factory = objects.pointerIn(object.bytes, end);
  out.write(`${nameOf(rendering, object, "defaultdict")}(`);
  if (factory === 0) out.write("None");
  else rendering.value(factory);
  out.room -= 1;
  writeItems(rendering, ", {", "})", used, objects.dictEntries(object.address, object.bytes));
  return true;
};

/** Where in an instance of a kind of dict that what comes behind the dict is. */
function endOfDict({ types }: Rendering, { type }: RemoteObject): number | undefined {
  for (const base of types.lineage(type)) if (base.fullName === "dict") return base.header.basicSize;
  return undefined;
}

/** `collections.OrderedDict` has its order in a list of links; a `move_to_end` changes it there alone. */
export const renderOrderedDict: Renderer = (rendering, object) => {
  const { out, spelling } = rendering;
  const used = usedOf(rendering, object);
  if (used === undefined) return false;
  const { name } = object.type;
  if (used === 0) out.write(`${name}()`);
  else if (spelling.hasListedOrderedDicts) {
    out.items(`${name}([`, "])", used, orderedItems(rendering, object), ({ key, value }) => {
      writeItems(rendering, "(", ")", 1, [{ key, value }], ", ");
    });
  } else writeItems(rendering, `${name}({`, "})", used, orderedItems(rendering, object));
  return true;
};

/** Items of which the order is looked up. */
const MAX_ORDERED = 4096;

function orderedItems(rendering: Rendering, object: RemoteObject): Iterable<Item> {
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

/** C's (3.5+): the first node is right behind the dict; nodes are {key, hash, next, previous}. */
function* nodeKeys(rendering: Rendering, object: RemoteObject): Generator<Address> {
  const { objects } = rendering;
  const end = endOfDict(rendering, object);
  let node = end === undefined ? 0 : objects.pointerIn(object.bytes, end);
  for (let count = 0; node !== 0 && count < MAX_ORDERED; count++) {
    const [key = 0, , next = 0] = objects.pointers(node, 3);
    yield key;
    node = next;
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

/** `collections.Counter`: the most common first, as far as all counts can be looked at. */
export const renderCounter: Renderer = (rendering, object) => {
  const { objects, out } = rendering;
  const used = usedOf(rendering, object);
  if (used === undefined) return false;
  const { name } = object.type;
  const entries = objects.dictEntries(object.address, object.bytes);
  if (used === 0) out.write(`${name}()`);
  else
    writeItems(
      rendering,
      `${name}({`,
      "})",
      used,
      used > MAX_COUNTED ? entries : mostCommon(rendering, entries),
    );
  return true;
};

const MAX_COUNTED = 500;

function mostCommon(rendering: Rendering, entries: Iterable<Item>): Item[] {
  const items = [...entries];
  const counts = new Map<Item, bigint>();
  for (const item of items) {
    const count = rendering.read(item.value);
    const value = count && isInteger(count) ? smallInteger(rendering, count) : undefined;
    if (value === undefined) return items;
    counts.set(item, value);
  }
  return items.toSorted((left, right) => {
    const [first = 0n, second = 0n] = [counts.get(left), counts.get(right)];
    return first === second ? 0 : first < second ? 1 : -1;
  });
}

function isInteger({ type }: RemoteObject): boolean {
  return type.kind === "int" || type.kind === "long" || type.kind === "bool";
}

/** `range(0, 10)`: start, stop, step. */
export const renderRange: Renderer = (rendering, object) => {
  const step = rendering.read(rendering.field(object, 2));
  const hasUsualStep = step !== undefined && isInteger(step) && smallInteger(rendering, step) === 1n;
  const values = [0, 1, 2].slice(0, hasUsualStep ? 2 : 3).map((index) => rendering.field(object, index));
  writeValues(rendering, "range(", ")", values.length, values);
  return true;
};

/** `xrange(10)` of 2.x: three numbers of C: start, step, length. */
export const renderXrange: Renderer = ({ layout, out }, { bytes }) => {
  const { size } = layout.object;
  const { longSize } = layout.int;
  if (bytes.length < size + 3 * longSize) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const at = (index: number): bigint =>
    longSize === 8 ? view.getBigInt64(size + index * 8, true) : BigInt(view.getInt32(size + index * 4, true));
  const [start, step, length] = [at(0), at(1), at(2)];
  const stop = start + length * step;
  const values = step !== 1n ? [start, stop, step] : start !== 0n ? [start, stop] : [stop];
  out.write(`xrange(${values.join(", ")})`);
  return true;
};

/** `slice(1, 2, None)` */
export const renderSlice: Renderer = (rendering, object) => {
  const values = [0, 1, 2].map((index) => rendering.field(object, index));
  writeValues(rendering, "slice(", ")", 3, values);
  return true;
};

/** `mappingproxy({…})` (`dict_proxy` in 2.x): what it stands for. */
export const renderMappingProxy: Renderer = (rendering, object) => {
  const { out, isPython2 } = rendering;
  out.write(isPython2 ? "dict_proxy(" : "mappingproxy(");
  out.room -= 1;
  rendering.value(rendering.field(object, 0));
  out.text += ")";
  return true;
};

/** `dict_keys([…])`, `dict_values([…])`, `dict_items([…])` */
export const renderDictView: Renderer = (rendering, object) => {
  const { objects, out, layout } = rendering;
  const dict = rendering.read(rendering.field(object, 0));
  const used = dict && dictHeader(layout, dict.bytes)?.used;
  if (dict === undefined || used === undefined) return false;
  const { name } = object.type;
  out.items(`${name}([`, "])", used, objects.dictEntries(dict.address, dict.bytes), (item) => {
    if (name === "dict_keys") rendering.value(item.key);
    else if (name === "dict_values") writeValueOf(rendering, item.key, item.value);
    else writeItems(rendering, "(", ")", 1, [item], ", ");
  });
  return true;
};
