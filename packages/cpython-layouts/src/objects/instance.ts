import { ABSENT, type Layout } from "../layout.js";
import { type DataLocation, isPlausible, sizeAt, sizedHeaderEnd, viewOf, wordAt } from "../object-view.js";
import { TypeFlag, type TypeHeader } from "./type.js";

/** A place that can say where an instance has its attributes; {@link decodeAttributeSource} knows its bytes. */
export interface AttributeSource {
  readonly kind: "dict" | "values" | "tagged" | "inline";
  /** Read 8 bytes from here. */
  readonly address: number;
}

/** Where an instance has its attributes: in a dict object, or as an array of values for the keys of its type. */
export type AttributeStore =
  | { readonly kind: "dict" /** Address of the dict. */; readonly address: number }
  | {
      readonly kind: "values";
      /** Address of the values: a pointer for each entry of `type.cachedKeys`, 0 where there is no attribute. */
      readonly address: number;
    };

/** `ob_size` of an object whose type has a variable part, without its sign; undefined if the bytes are too few. */
export function itemCount(layout: Layout, object: Uint8Array): number | undefined {
  return object.length < sizedHeaderEnd(layout) ? undefined : Math.abs(sizeAt(layout, viewOf(object)));
}

/**
 * Where to look for the attributes of an instance, in this order. Attributes in `__slots__` are apart from these: see
 * {@link slotTable}.
 *
 * @param object - address of the instance
 * @param items - {@link itemCount} of the instance if its type has a variable part (`itemSize`), else 0
 */
export function attributeSources(
  layout: Layout,
  type: TypeHeader,
  object: number,
  items = 0,
): readonly AttributeSource[] {
  const { dict, values, isTagged, inlineValid } = layout.managedDict;
  if (dict !== ABSENT && (type.flags & TypeFlag.managedDict) !== 0) {
    if (isTagged) return [{ kind: "tagged", address: object + dict }];
    const sources: AttributeSource[] = [{ kind: "dict", address: object + dict }];
    if (values !== ABSENT) sources.unshift({ kind: "values", address: object + values });
    if (inlineValid !== ABSENT && (type.flags & TypeFlag.inlineValues) !== 0) {
      sources.push({ kind: "inline", address: object + type.basicSize });
    }
    return sources;
  }
  if (type.dictOffset === 0) return [];
  if (type.dictOffset > 0) return [{ kind: "dict", address: object + type.dictOffset }];
  const size = type.basicSize + items * type.itemSize;
  const rounded = Math.ceil(size / layout.pointerSize) * layout.pointerSize;
  return [{ kind: "dict", address: object + rounded + type.dictOffset }];
}

/**
 * What a source says.
 *
 * @param bytes - 8 bytes from the address of the source
 * @returns undefined if it says nothing: look at the next one
 */
export function decodeAttributeSource(
  layout: Layout,
  source: AttributeSource,
  bytes: Uint8Array,
): AttributeStore | undefined {
  if (bytes.length < 8) return undefined;
  if (source.kind === "inline") {
    const isValid = bytes[layout.managedDict.inlineValid] !== 0;
    return isValid ? { kind: "values", address: source.address + layout.dict.values } : undefined;
  }
  const address = wordAt(layout, viewOf(bytes), 0);
  if (address === 0) return undefined;
  if (source.kind === "tagged" && address % 2 === 1) return { kind: "values", address: address + 1 };
  return { kind: source.kind === "values" ? "values" : "dict", address };
}

/** Where a type has the table of its own `__slots__` (those of its bases are in theirs); `dataOffset` counts from the type's start. */
export interface SlotTable extends DataLocation {
  readonly length: number;
}

/** A slot: an attribute at a fixed place in the instance. */
export interface Slot {
  /** Address of its name, a C string. */
  readonly name: number;
  /** Where the instance has the pointer to the value; 0 there if it is not set. */
  readonly offset: number;
}

/**
 * Where a class that was made by a `class` statement keeps its slots.
 *
 * @param type - bytes of the type from its start; `OBJECT_READ_SIZE` are enough
 * @param metatype - the type of the type
 */
export function slotTable(layout: Layout, type: Uint8Array, metatype: TypeHeader): SlotTable | undefined {
  if (type.length < sizedHeaderEnd(layout)) return undefined;
  const length = sizeAt(layout, viewOf(type));
  const { size } = memberLayout(layout);
  if (!isPlausible(length, size) || metatype.basicSize <= 0) return undefined;
  return { length, byteLength: length * size, dataOffset: metatype.basicSize, dataAddress: undefined };
}

/**
 * The slots in the data of a {@link SlotTable}. Classes of extensions have members of other types there too, such as
 * `_blksize` of `io.FileIO`, a C int: these are left out.
 */
export function decodeSlots(layout: Layout, data: Uint8Array): Slot[] {
  const { size, offset } = memberLayout(layout);
  const view = viewOf(data);
  const slots: Slot[] = [];
  for (let start = 0; start + size <= data.length; start += size) {
    const kind = view.getInt32(start + layout.pointerSize, true);
    if (kind !== T_OBJECT && kind !== T_OBJECT_EX) continue;
    slots.push({ name: wordAt(layout, view, start), offset: view.getInt32(start + offset, true) });
  }
  return slots;
}

/** Types of members that are objects: what extensions may use, and what `__slots__` are (Include/structmember.h, 2.3+). */
const T_OBJECT = 6;
const T_OBJECT_EX = 16;

/** Bytes of a `PyMemberDef`, which begins with the address of its name, a C string. */
export function memberSize(layout: Layout): number {
  return memberLayout(layout).size;
}

/** `PyMemberDef`: name, type (int), offset (Py_ssize_t), flags (int), doc. Up to 2.4 the offset is an int as well. */
function memberLayout({ object, pointerSize }: Layout): { readonly size: number; readonly offset: number } {
  return object.ob_size_width === pointerSize
    ? { size: 5 * pointerSize, offset: 2 * pointerSize }
    : { size: 4 * pointerSize, offset: pointerSize + 4 };
}
