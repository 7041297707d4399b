import {
  type DequeHeader,
  decodeDefaultDict,
  decodeRange,
  decodeSlice,
  decodeXrange,
  dequeHeader,
} from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { dictIn, orderedItems } from "./ordered-items.js";
import { type Item, usedOf, writeDict, writeItems, writeValues } from "./render-containers.js";
import { smallInteger } from "./render-scalars.js";
import type { NamedRenderers, RemoteObject, Renderer, Rendering } from "./rendering.js";

/** `deque([1, 2])`, `deque([1, 2], maxlen=3)` of `collections` */
const renderDeque: Renderer = (rendering, object) => {
  const header = dequeHeader(rendering.layout, object.bytes);
  if (header === undefined) return false;
  const close = header.maximum === undefined ? "])" : `], maxlen=${header.maximum})`;
  const open = `${nameOf(rendering, object, "deque")}([`;
  return rendering.guarded(object.address, "[...]", () => {
    writeValues(rendering, open, close, header.length, dequeItems(rendering, header));
    return true;
  });
};

/** What C writes of a collection that may be of a subclass. */
function nameOf({ spelling }: Rendering, { type }: RemoteObject, builtin: string): string {
  return spelling.namesSubclasses ? type.name : builtin;
}

function* dequeItems(
  { layout, objects }: Rendering,
  { length, leftBlock, leftIndex }: DequeHeader,
): Generator<Address> {
  const { blockItems, blockLength, blockNext } = layout.deque;
  let [block, index] = [leftBlock, leftIndex];
  for (let left = length; left > 0 && block !== 0 && index < blockLength; index = 0) {
    const items = objects.pointers(
      block + blockItems + index * layout.pointerSize,
      Math.min(blockLength - index, left),
    );
    if (items.length === 0) return;
    yield* items;
    left -= items.length;
    block = objects.pointer(block + blockNext);
  }
}

/**
 * `defaultdict(<class 'int'>, {'a': 1})` of `collections`. It is only the dict that ends where it is in itself, and the
 * factory is not told if it is something that looks whether it is told already.
 */
const renderDefaultDict: Renderer = (rendering, object) => {
  const { layout, out } = rendering;
  const dict = dictIn(rendering, object);
  const made = dict && decodeDefaultDict(layout, object.bytes, dict.header);
  if (usedOf(rendering, object) === undefined || made === undefined) return false;
  const { factory } = made;
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
const renderOrderedDict: Renderer = (rendering, object) => {
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
const renderCounter: Renderer = (rendering, object) => {
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

/** `range(0, 10)` */
const renderRange: Renderer = (rendering, object) => {
  const range = decodeRange(rendering.layout, object.bytes);
  if (range === undefined) return false;
  const step = rendering.read(range.step);
  const hasUsualStep = step !== undefined && isInteger(step) && smallInteger(rendering, step) === 1n;
  const values = [range.start, range.stop, ...(hasUsualStep ? [] : [range.step])];
  writeValues(rendering, "range(", ")", values.length, values);
  return true;
};

/** `xrange(10)` of 2.x */
const renderXrange: Renderer = ({ layout, out }, { bytes }) => {
  const range = decodeXrange(layout, bytes);
  if (range === undefined) return false;
  const { start, step, length } = range;
  const stop = start + length * step;
  const values = step !== 1n ? [start, stop, step] : start !== 0n ? [start, stop] : [stop];
  out.write(`xrange(${values.join(", ")})`);
  return true;
};

/** `slice(1, 2, None)` */
const renderSlice: Renderer = (rendering, object) => {
  const slice = decodeSlice(rendering.layout, object.bytes);
  if (slice === undefined) return false;
  writeValues(rendering, "slice(", ")", 3, [slice.start, slice.stop, slice.step]);
  return true;
};

export const collectionRenderers: NamedRenderers = [
  ["range", renderRange],
  ["xrange", renderXrange],
  ["slice", renderSlice],
  ["collections.deque", renderDeque],
  ["collections.defaultdict", renderDefaultDict],
  ["collections.OrderedDict", renderOrderedDict],
];

export const writtenCollectionRenderers: NamedRenderers = [
  ["collections.Counter", renderCounter],
  ["collections.OrderedDict", renderOrderedDict],
];
