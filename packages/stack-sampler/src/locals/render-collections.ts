import type { Address } from "@pyspy/proc-memory";
import { type DequeLayout, dequeLayoutOf } from "./deque-layout.js";
import { endOfDict, orderedItems } from "./ordered-items.js";
import { type Item, usedOf, writeDict, writeItems, writeValues } from "./render-containers.js";
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
  const open = `${nameOf(rendering, object, "deque")}([`;
  return rendering.guarded(object.address, "[...]", () => {
    writeValues(rendering, open, close, length, dequeItems(rendering, at, start, length));
    return true;
  });
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

/**
 * `collections.defaultdict`: a dict, and behind it where missing values come from. It is only the dict that ends where it
 * is in itself, and the factory is not told if it is something that looks whether it is told already.
 */
export const renderDefaultDict: Renderer = (rendering, object) => {
  const end = endOfDict(rendering, object);
  if (usedOf(rendering, object) === undefined || end === undefined) return false;
  const { objects, out } = rendering;
  const factory = objects.pointerIn(object.bytes, end);
  out.write(`${nameOf(rendering, object, "defaultdict")}(`);
  if (factory === 0) out.write("None");
  else {
    rendering.guarded(factory, "...", () => {
      rendering.value(factory);
      return true;
    });
  }
  out.write(", ");
  out.room -= 1;
  writeDict(rendering, object, "{", "}");
  out.text += ")";
  return true;
};

/** `collections.OrderedDict`: `OrderedDict({'a': 1})`, or before 3.12 `OrderedDict([('a', 1)])`. */
export const renderOrderedDict: Renderer = (rendering, object) => {
  const { out, spelling } = rendering;
  const used = usedOf(rendering, object);
  if (used === undefined) return false;
  const { name } = object.type;
  if (used === 0) {
    out.write(`${name}()`);
    return true;
  }
  return rendering.guarded(object.address, "...", () => {
    const items = orderedItems(rendering, object);
    if (!spelling.hasListedOrderedDicts) writeItems(rendering, `${name}({`, "})", used, items);
    else {
      out.items(`${name}([`, "])", used, items, ({ key, value }) => {
        writeItems(rendering, "(", ")", 1, [{ key, value }], ", ");
      });
    }
    return true;
  });
};

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
