import {
  decodeCount,
  decodeMemoryView,
  decodePartial,
  decodeRepeat,
  decodeWeakReference,
  tupleHeader,
} from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { hexAddress } from "./escapes.js";
import { qualnameAt } from "./render-callables.js";
import { pointersOf, usedOf, writeValues } from "./render-containers.js";
import { smallInteger } from "./render-scalars.js";
import type { NamedRenderers, RemoteObject, Renderer, Rendering } from "./rendering.js";

/** `<weakref at 0x7f…; to 'function' at 0x7f… (name)>`, `<weakref at 0x7f…; dead>` */
const renderWeakReference: Renderer = (rendering, object) => {
  const to = referent(rendering, object);
  if (to === undefined) return false;
  const { out } = rendering;
  out.write(`<weakref at ${hexAddress(object.address)}; `);
  if (to.type.kind === "none") out.write("dead>");
  else {
    const own = nameOf(rendering, to);
    out.write(`to '${to.type.tpName}' at ${hexAddress(to.address)}${own === undefined ? "" : ` (${own})`}>`);
  }
  return true;
};

/** `<weakproxy at 0x7f… to function at 0x7f…>`, since 3.13 `<weakproxy at 0x7f…; to 'function' at 0x7f…>` */
const renderWeakProxy: Renderer = (rendering, object) => {
  const to = referent(rendering, object);
  if (to === undefined) return false;
  const head = `<weakproxy at ${hexAddress(object.address)}`;
  const place = hexAddress(to.address);
  const name = to.type.tpName;
  const text = !rendering.spelling.quotesWeakProxies
    ? `${head} to ${name} at ${place}>`
    : to.type.kind === "none"
      ? `${head}; dead>`
      : `${head}; to '${name}' at ${place}>`;
  rendering.out.write(text);
  return true;
};

function referent(rendering: Rendering, { bytes }: RemoteObject): RemoteObject | undefined {
  const address = decodeWeakReference(rendering.layout, bytes);
  return address === undefined ? undefined : rendering.read(address);
}

/** `__name__` of what has one. */
function nameOf(rendering: Rendering, { address, type }: RemoteObject): string | undefined {
  if (type.kind === "type") return rendering.types.at(address)?.name;
  return qualnameAt(rendering, address)?.replace(/^.*\./, "");
}

/** `<memory at 0x7f…>`, `<released memory at 0x7f…>` */
const renderMemoryView: Renderer = ({ isPython2, layout, out }, { address, bytes }) => {
  const isReleased = !isPython2 && decodeMemoryView(layout, bytes)?.isReleased;
  out.write(`<${isReleased ? "released " : ""}memory at ${hexAddress(address)}>`);
  return true;
};

/** `functools.partial(<function f at 0x7f…>, 1, key=2)` */
const renderPartial: Renderer = (rendering, object) => {
  const { objects, out, isPython2, spelling } = rendering;
  const partial = isPython2 ? undefined : decodePartial(rendering.layout, object.bytes);
  const args = partial && rendering.read(partial.args);
  const keywords = partial && rendering.read(partial.keywords);
  const header = args?.type.kind === "tuple" ? tupleHeader(rendering.layout, args.bytes) : undefined;
  if (partial === undefined || args === undefined || header === undefined || keywords === undefined)
    return false;
  const { tpName, fullName } = object.type;
  const positional = [partial.function, ...pointersOf(rendering, args, header)];
  const total = 1 + header.length + (usedOf(rendering, keywords) ?? 0);
  const named = objects.dictEntries(keywords.address, keywords.bytes);
  function* items(): Generator<{ readonly name?: string | undefined; readonly value: Address }> {
    for (const value of positional) yield { value };
    for (const { key, value } of named) yield { name: rendering.name(key), value };
  }
  return rendering.guarded(object.address, "...", () => {
    out.items(`${spelling.qualifiesPartials ? fullName : tpName}(`, ")", total, items(), (item) => {
      if ("name" in item) rendering.attribute(item.name, item.value);
      else rendering.value(item.value);
    });
    return true;
  });
};

/** `count(5)`, `count(0.5, 2)` */
const renderCount: Renderer = (rendering, object) => {
  const count = decodeCount(rendering.layout, object.bytes);
  if (count === undefined) return false;
  const by = rendering.read(count.step);
  const isByOne =
    by === undefined ||
    ((by.type.kind === "long" || by.type.kind === "int") && smallInteger(rendering, by) === 1n);
  const name = object.type.isOfC ? "count" : object.type.name;
  if (count.next !== undefined) rendering.out.write(`${name}(${count.next})`);
  else writeValues(rendering, `${name}(`, ")", isByOne ? 1 : 2, [count.nextObject, count.step]);
  return true;
};

/** `repeat('a')`, `repeat('a', 3)` */
const renderRepeat: Renderer = (rendering, object) => {
  const { layout, out } = rendering;
  const repeat = decodeRepeat(layout, object.bytes);
  if (repeat === undefined) return false;
  out.write(`${object.type.isOfC ? "repeat" : object.type.name}(`);
  rendering.value(repeat.element);
  out.write(repeat.count < 0n ? ")" : `, ${repeat.count})`);
  return true;
};

export const referenceRenderers: NamedRenderers = [
  ["weakref", renderWeakReference],
  ["weakref.ReferenceType", renderWeakReference],
  ["weakproxy", renderWeakProxy],
  ["weakcallableproxy", renderWeakProxy],
  ["weakref.ProxyType", renderWeakProxy],
  ["weakref.CallableProxyType", renderWeakProxy],
  ["memoryview", renderMemoryView],
  ["functools.partial", renderPartial],
  ["itertools.count", renderCount],
  ["itertools.repeat", renderRepeat],
];
