import {
  attributeSources,
  decodeAttributeSource,
  decodeOldInstance,
  itemCount,
} from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { findItem } from "./python-type.js";
import type { RemoteObject, Rendering } from "./rendering.js";

/** An attribute of an instance. */
export interface Attribute {
  /** Undefined if it could not be read. */
  readonly name: string | undefined;
  readonly value: Address;
}

/** Attributes that are looked through for a name. */
const MAX_ATTRIBUTES = 256;

/** The attributes of an instance: of its dict, or where it has the values of one, and of its slots. */
export function* attributesOf(rendering: Rendering, object: RemoteObject): Generator<Attribute> {
  for (const { key, value } of dictAttributes(rendering, object)) {
    yield { name: rendering.name(key), value };
  }
  yield* slotAttributes(rendering, object);
}

/** Address of the value of an attribute that is in no slot; 0 if there is none of that name. */
export function attributeOf(rendering: Rendering, object: RemoteObject, name: string): Address {
  return findItem(rendering.objects, dictAttributes(rendering, object), name, MAX_ATTRIBUTES);
}

/** Address of the value of an attribute, also if that is in a slot; 0 if there is none of that name. */
export function memberOf(rendering: Rendering, object: RemoteObject, name: string): Address {
  const value = attributeOf(rendering, object, name);
  if (value !== 0) return value;
  const slot = rendering.types.slots(object.type).find((one) => one.name === name);
  return slot === undefined ? 0 : rendering.objects.pointer(object.address + slot.offset);
}

/** What an attribute of a name refers to. */
export function memberObject(
  rendering: Rendering,
  object: RemoteObject,
  name: string,
): RemoteObject | undefined {
  const address = memberOf(rendering, object, name);
  return address === 0 ? undefined : rendering.read(address);
}

function* dictAttributes({ layout, objects }: Rendering, { address, bytes, type }: RemoteObject) {
  const items = type.header.itemSize === 0 ? 0 : (itemCount(layout, bytes) ?? 0);
  for (const source of attributeSources(layout, type.header, address, items)) {
    const store = decodeAttributeSource(layout, source, objects.bytes(source.address, 8));
    if (store === undefined) continue;
    if (store.kind === "dict") yield* objects.dictEntries(store.address);
    else yield* objects.keyedEntries(type.header.cachedKeys, store.address);
    return;
  }
}

function* slotAttributes(
  { objects, types }: Rendering,
  { address, type }: RemoteObject,
): Generator<Attribute> {
  for (const { name, offset } of types.slots(type)) {
    const value = objects.pointer(address + offset);
    if (value !== 0) yield { name, value };
  }
}

/** The attributes of an instance of an old-style class. */
export function* oldAttributesOf(rendering: Rendering, { bytes }: RemoteObject): Generator<Attribute> {
  const { layout, objects } = rendering;
  const instance = decodeOldInstance(layout, bytes);
  if (instance === undefined) return;
  for (const { key, value } of objects.dictEntries(instance.dict)) yield { name: rendering.name(key), value };
}
