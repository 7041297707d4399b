import {
  dictHeader,
  itemCount,
  listHeader,
  memberSize,
  type SequenceHeader,
  setHeader,
  tupleHeader,
} from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { attributeOf } from "./attributes.js";
import { isEnum, type PythonType, tupleItems } from "./python-type.js";
import {
  HIDDEN,
  type NamedRenderers,
  type RemoteObject,
  type Renderer,
  type Rendering,
} from "./rendering.js";

export interface Item {
  readonly key: Address;
  readonly value: Address;
}

export const renderList: Renderer = (rendering, object) => {
  const header = listHeader(rendering.layout, object.bytes);
  if (header === undefined) return false;
  return rendering.guarded(object.address, "[...]", () => {
    writeValues(rendering, "[", "]", header.length, pointersOf(rendering, object, header));
    return true;
  });
};

export const renderTuple: Renderer = (rendering, object) => {
  const header = tupleHeader(rendering.layout, object.bytes);
  if (header === undefined) return false;
  const close = header.length === 1 ? ",)" : ")";
  return rendering.guarded(object.address, "(...)", () => {
    const values = pointersOf(rendering, object, header);
    const [name = 0, named] = values;
    // Two can be an item of a dict, or of headers: a name and what is called so.
    const hidden = header.length === 2 && isHiddenKey(rendering, name) ? named : undefined;
    rendering.out.items("(", close, header.length, values.entries(), ([index, value]) => {
      if (index === 1 && hidden !== undefined) rendering.out.mark(HIDDEN);
      else rendering.value(value);
    });
    return true;
  });
};

/** The values of a sequence that there can be room for. */
export function pointersOf(rendering: Rendering, object: RemoteObject, header: SequenceHeader): Address[] {
  const { layout, objects, out } = rendering;
  const limit = Math.max(1, Math.ceil(out.room / 3)) * layout.pointerSize;
  const data = objects.data(object.address, object.bytes, header, limit);
  const pointers: Address[] = [];
  for (let offset = 0; offset + layout.pointerSize <= data.length; offset += layout.pointerSize) {
    pointers.push(objects.pointerIn(data, offset));
  }
  return pointers;
}

export function writeValues(
  rendering: Rendering,
  open: string,
  close: string,
  total: number,
  values: Iterable<Address>,
): void {
  rendering.out.items(open, close, total, values, (value) => rendering.value(value));
}

export const renderSet: Renderer = (rendering, object) => {
  const { layout, objects, out, spelling } = rendering;
  const header = setHeader(layout, object.bytes);
  if (header === undefined) return false;
  const { type } = object;
  const hasBraces = type.fullName === "set" && !spelling.hasListedSets;
  if (header.used === 0) {
    out.write(`${type.name}(${spelling.hasListedSets ? "[]" : ""})`);
    return true;
  }
  const open = hasBraces ? "{" : `${type.name}(${spelling.hasListedSets ? "[" : "{"}`;
  const close = hasBraces ? "}" : `${spelling.hasListedSets ? "]" : "}"})`;
  return rendering.guarded(object.address, `${type.name}(...)`, () => {
    writeValues(rendering, open, close, header.used, objects.setMembers(object.bytes));
    return true;
  });
};

export const renderDict: Renderer = (rendering, object) => writeDict(rendering, object, "{", "}");

const renderFrozenDict: Renderer = (rendering, object) => {
  const { name } = object.type;
  if (usedOf(rendering, object) !== 0) return writeDict(rendering, object, `${name}({`, "})");
  rendering.out.write(`${name}()`);
  return true;
};

/** The items of what is a dict to C, which ends where it is in itself. */
export function writeDict(rendering: Rendering, object: RemoteObject, open: string, close: string): boolean {
  const used = usedOf(rendering, object);
  if (used === undefined) return false;
  return rendering.guarded(object.address, `${open}...${close}`, () => {
    writeItems(rendering, open, close, used, rendering.objects.dictEntries(object.address, object.bytes));
    return true;
  });
}

export function usedOf({ layout }: Rendering, { bytes }: RemoteObject): number | undefined {
  return dictHeader(layout, bytes)?.used;
}

export function writeItems(
  rendering: Rendering,
  open: string,
  close: string,
  total: number,
  items: Iterable<Item>,
  between = ": ",
): void {
  rendering.out.items(open, close, total, items, ({ key, value }) => {
    rendering.value(key);
    rendering.out.write(between);
    writeValueOf(rendering, key, value);
  });
}

/** The value that a dict has for a key, which can be a name. */
export function writeValueOf(rendering: Rendering, key: Address, value: Address): void {
  if (isHiddenKey(rendering, key)) rendering.out.mark(HIDDEN);
  else rendering.value(value);
}

/** Items of a key that is a tuple which are looked at. */
const MAX_KEY_ITEMS = 8;

/** Whether a key says that its value is to be hidden: a text, a member of an enum, or a tuple with one of those. */
function isHiddenKey(rendering: Rendering, key: Address, isInTuple = false): boolean {
  const { limits, objects, types } = rendering;
  if (!limits.isHidden(undefined)) return false;
  const object = rendering.read(key);
  if (object === undefined) return true;
  if (isEnum(types, object.type) && isHiddenMember(rendering, object)) return true;
  const kind = builtinKind(rendering, object.type);
  if (kind === "tuple" && !isInTuple) {
    return tupleItems(objects, key, MAX_KEY_ITEMS).some((item) => isHiddenKey(rendering, item, true));
  }
  return (kind === "unicode" || kind === "bytes") && limits.isHidden(objects.text(key, kind));
}

/** Whether a member of an enum has a name that is to be hidden. Combinations of flags may have none, which is `None`. */
export function isHiddenMember(rendering: Rendering, member: RemoteObject): boolean {
  if (!rendering.limits.isHidden(undefined)) return false;
  const address = attributeOf(rendering, member, "_name_");
  const name = rendering.name(address);
  if (name === undefined && rendering.read(address)?.type.kind === "none") return false;
  return rendering.limits.isHidden(name);
}

/** What a type or the nearest of its bases is by its own word. */
function builtinKind({ types }: Rendering, type: PythonType): PythonType["kind"] {
  for (const base of types.lineage(type)) {
    if (base.kind !== "other") return base.kind;
  }
  return "other";
}

/** `collections.namedtuple`: `Point(x=1, y=2)`. */
export function renderNamedTuple(
  rendering: Rendering,
  object: RemoteObject,
  name: string,
  fields: Address,
): boolean {
  const header = tupleHeader(rendering.layout, object.bytes);
  const names = rendering.read(fields);
  const namesHeader = names && tupleHeader(rendering.layout, names.bytes);
  if (header === undefined || names === undefined || namesHeader === undefined) return false;
  const keys = pointersOf(rendering, names, namesHeader).map((key) => rendering.name(key));
  const values = pointersOf(rendering, object, header);
  writeFields(rendering, name, header.length, keys, values);
  return true;
}

/** `time.struct_time`, `os.stat_result` and the like (3.x): `sys.flags(debug=0, …)`. The type lists the names. */
export function renderStructSequence(rendering: Rendering, object: RemoteObject): boolean {
  const { layout, objects } = rendering;
  const header = tupleHeader(layout, object.bytes);
  const length = itemCount(layout, object.bytes);
  const { members } = object.type.header;
  if (header === undefined || length === undefined || members === 0) return false;
  const size = memberSize(layout);
  if (objects.pointer(members) === 0) return false;
  const values = pointersOf(rendering, object, header);
  const names = values.map((_, index) => objects.cString(objects.pointer(members + index * size)));
  writeFields(rendering, object.type.fullName, length, names, values);
  return true;
}

function writeFields(
  rendering: Rendering,
  name: string,
  total: number,
  keys: readonly (string | undefined)[],
  values: readonly Address[],
): void {
  const fields = values.map((value, index) => ({ key: keys[index], value }));
  rendering.out.items(`${name}(`, ")", total, fields, ({ key, value }) => {
    rendering.attribute(key, value);
  });
}

export const containerRenderers: NamedRenderers = [["frozendict", renderFrozenDict]];
