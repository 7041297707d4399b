/** What numpy calls the type of an array's elements: `str(dtype)`. numpy/_core/_dtype.py has the texts. */
import { decodeFloat } from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { isPrintable, quote } from "./escapes.js";
import { numpy1Descriptor, numpy2Descriptor, stringDescriptor, timeMetadata } from "./numpy-layout.js";
import { findItem, tupleItems } from "./python-type.js";
import { smallInteger } from "./render-scalars.js";
import type { RemoteObject, Rendering } from "./rendering.js";

/** Fields that are looked at, and how deep they have fields of their own. */
const MAX_FIELDS = 256;
const MAX_NESTING = 8;

/** `str(dtype)`; undefined if it is not known. */
export function dtypeName(rendering: Rendering, descriptor: RemoteObject): string | undefined {
  const dtype = dtypeOf(rendering, descriptor);
  if (dtype === undefined) return undefined;
  const compound = compoundText(rendering, dtype, true, MAX_NESTING);
  if (compound !== undefined) return compound;
  const { kind, size, isNative, isSwapped } = dtype;
  if (kind === "T") return stringName(rendering, dtype);
  if ("SUV".includes(kind) || isSwapped) {
    const order = isSwapped ? ">" : isNative ? "<" : "|";
    return `${order}${kind}${unitOr(rendering, dtype, kind === "U" ? size / 4 : size)}`;
  }
  const stem = stems.get(kind);
  if (stem === undefined) return rendering.types.at(dtype.scalar)?.name;
  return stem === "bool" || stem === "object"
    ? stem
    : `${stem}${size * 8}${kind === "M" || kind === "m" ? unitText(rendering, dtype) : ""}`;
}

/** `repr(dtype)` */
export function dtypeText(rendering: Rendering, descriptor: RemoteObject): string | undefined {
  const dtype = dtypeOf(rendering, descriptor);
  if (dtype === undefined) return undefined;
  if (dtype.kind === "T") return stringName(rendering, dtype);
  const text = compoundText(rendering, dtype, false, MAX_NESTING) ?? scalarText(rendering, dtype, false);
  return text && `dtype(${text}${dtype.isAligned && dtype.names !== 0 ? ", align=True" : ""})`;
}

const stems: ReadonlyMap<string, string> = new Map([
  ["b", "bool"],
  ["i", "int"],
  ["u", "uint"],
  ["f", "float"],
  ["c", "complex"],
  ["M", "datetime"],
  ["m", "timedelta"],
  ["O", "object"],
]);

interface Dtype {
  readonly object: RemoteObject;
  /** Type of its scalars. */
  readonly scalar: Address;
  readonly kind: string;
  /** Of little-endian elements; what has no order is neither. */
  readonly isNative: boolean;
  readonly isSwapped: boolean;
  readonly isAligned: boolean;
  readonly size: number;
  readonly alignment: number;
  readonly subarray: Address;
  readonly fields: Address;
  readonly names: Address;
  readonly unit: Address;
}

const ALIGNED = 0x80;

function dtypeOf(rendering: Rendering, object: RemoteObject): Dtype | undefined {
  const base = rendering.types.mro(object.type).find(({ fullName }) => fullName === "numpy.dtype");
  if (base === undefined || rendering.layout.pointerSize !== 8) return undefined;
  const { size: start } = rendering.layout.object;
  const { bytes } = object;
  if (bytes.length < start + numpy2Descriptor.size) return undefined;
  const isOne = base.header.basicSize === start + numpy1Descriptor.size;
  const at = isOne ? numpy1Descriptor : numpy2Descriptor;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const pointer = (offset: number): Address => rendering.objects.pointerIn(bytes, start + offset);
  const names = pointer(at.names);
  const hasNames = rendering.read(names)?.type.kind === "tuple";
  const order = String.fromCharCode(view.getUint8(start + at.byteOrder));
  return {
    object,
    scalar: pointer(at.scalar),
    kind: String.fromCharCode(view.getUint8(start + at.kind)),
    isNative: order === "=" || order === "<",
    isSwapped: order === ">",
    isAligned: (view.getUint8(start + at.flags) & ALIGNED) !== 0,
    size: view.getInt32(start + at.elsize, true),
    alignment: view.getInt32(start + at.alignment, true),
    subarray: pointer(at.subarray),
    fields: pointer(at.fields),
    names: hasNames ? names : 0,
    unit: pointer(at.metadata),
  };
}

/** As it stands in the description of a field: `'<f8'`, `'S3'`, `'<M8[ns]'`; otherwise `'float64'`. */
function scalarText(rendering: Rendering, dtype: Dtype, isShort: boolean): string | undefined {
  const { kind, size, isNative, isSwapped } = dtype;
  if (kind === "T") return "'T'";
  if (kind === "O") return "'O'";
  if (kind === "b") return isShort ? "'?'" : "'bool'";
  const order = isSwapped ? ">" : isNative ? "<" : "";
  if ("SVU".includes(kind)) return `'${order}${kind}${size === 0 ? "" : kind === "U" ? size / 4 : size}'`;
  const stem = stems.get(kind);
  if (stem === undefined) return undefined;
  if (kind === "M" || kind === "m") return `'${order}${kind}8${unitText(rendering, dtype)}'`;
  return isShort || isSwapped ? `'${order}${kind}${size}'` : `'${stem}${size * 8}'`;
}

function unitOr(rendering: Rendering, dtype: Dtype, size: number): string {
  return dtype.kind === "M" || dtype.kind === "m" ? `8${unitText(rendering, dtype)}` : String(size);
}

/** Units of time, by their number; 3 was days of business once. The last stands for any. */
const units: readonly string[] = ["Y", "M", "W", "", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"];

/** `[ns]` */
function unitText({ objects }: Rendering, { unit }: Dtype): string {
  return timeUnit(objects.bytes(unit === 0 ? 0 : unit + timeMetadata.unit, timeMetadata.size)) ?? "";
}

/** `[25s]`; undefined if that is no unit in particular. */
export function timeUnit(bytes: Uint8Array): string | undefined {
  if (bytes.length < 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [unit, count] = [units[view.getInt32(0, true)], view.getInt32(4, true)];
  return unit === undefined ? undefined : `[${count === 1 ? "" : count}${unit}]`;
}

/** `StringDType()`, with what stands for a missing one. */
function stringName(rendering: Rendering, { object }: Dtype): string | undefined {
  const missing = rendering.field(object, stringDescriptor.na_object);
  if (missing === 0) return "StringDType()";
  const value = rendering.read(missing);
  if (value?.type.kind === "none") return "StringDType(na_object=None)";
  const number = value?.type.kind === "float" ? decodeFloat(rendering.layout, value.bytes) : undefined;
  return Number.isNaN(number) ? "StringDType(na_object=nan)" : undefined;
}

/** Of a descriptor that has fields, or whose elements are arrays. */
function compoundText(
  rendering: Rendering,
  dtype: Dtype,
  showsAligned: boolean,
  levels: number,
): string | undefined {
  if (dtype.names !== 0) {
    const fields = fieldsOf(rendering, dtype);
    if (fields === undefined || levels === 0) return undefined;
    const isListed = !(showsAligned && dtype.isAligned) && isPacked(dtype, fields);
    const text = isListed
      ? listText(rendering, fields, levels)
      : dictText(rendering, dtype, fields, showsAligned, levels);
    const type = rendering.types.at(dtype.scalar);
    return type?.fullName === "numpy.void" ? text : text && `(${type?.fullName ?? "?"}, ${text})`;
  }
  const part = subarrayOf(rendering, dtype);
  const text = part && elementText(rendering, part.dtype, levels);
  return part && text && `(${text}, ${part.shape})`;
}

function elementText(rendering: Rendering, dtype: Dtype, levels: number): string | undefined {
  return compoundText(rendering, dtype, false, levels - 1) ?? scalarText(rendering, dtype, true);
}

function subarrayOf(
  rendering: Rendering,
  { subarray }: Dtype,
): { readonly dtype: Dtype; readonly shape: string } | undefined {
  if (subarray === 0) return undefined;
  const [base = 0, shape = 0] = rendering.objects.pointers(subarray, 2);
  const object = rendering.read(base);
  const dtype = object && dtypeOf(rendering, object);
  const sizes = tupleItems(rendering.objects, shape, MAX_FIELDS).map((size) => integerAt(rendering, size));
  return dtype && { dtype, shape: `(${sizes.join(", ")}${sizes.length === 1 ? "," : ""})` };
}

interface Field {
  readonly name: string;
  readonly title: string | undefined;
  readonly dtype: Dtype;
  readonly offset: number;
}

function fieldsOf(rendering: Rendering, { fields, names }: Dtype): Field[] | undefined {
  const { objects } = rendering;
  const found: Field[] = [];
  for (const address of tupleItems(objects, names, MAX_FIELDS)) {
    const name = rendering.name(address);
    const entry =
      name === undefined ? 0 : findItem(objects, objects.dictEntries(fields), name, 2 * MAX_FIELDS);
    const [descriptor = 0, offset = 0, title = 0] = tupleItems(objects, entry, 3);
    const object = rendering.read(descriptor);
    const dtype = object && dtypeOf(rendering, object);
    const place = integerAt(rendering, offset);
    if (name === undefined || dtype === undefined || place === undefined) return undefined;
    found.push({
      name,
      title: title === 0 ? undefined : rendering.name(title),
      dtype,
      offset: Number(place),
    });
  }
  return found;
}

function integerAt(rendering: Rendering, address: Address): bigint | undefined {
  const object = rendering.read(address);
  return object?.type.kind === "long" ? smallInteger(rendering, object) : undefined;
}

/** Whether fields follow one another without holes. */
function isPacked({ isAligned, size }: Dtype, fields: readonly Field[]): boolean {
  let end = 0;
  let alignment = 1;
  const round = (offset: number, to: number): number =>
    isAligned && to > 0 ? Math.ceil(offset / to) * to : offset;
  for (const { dtype, offset } of fields) {
    end = round(end, dtype.alignment);
    alignment = Math.max(alignment, dtype.alignment);
    if (offset !== end) return false;
    end += dtype.size;
  }
  return round(end, alignment) === size;
}

/** `[('x', '<f8'), ('y', '<i4', (3,))]` */
function listText(rendering: Rendering, fields: readonly Field[], levels: number): string | undefined {
  const items = fields.map(({ name, title, dtype }) => {
    const label = title === undefined ? quoted(name) : `(${quoted(title)}, ${quoted(name)})`;
    const part = dtype.names === 0 ? subarrayOf(rendering, dtype) : undefined;
    const text = elementText(rendering, part?.dtype ?? dtype, levels);
    return text && `(${label}, ${text}${part === undefined ? "" : `, ${part.shape}`})`;
  });
  return items.includes(undefined) ? undefined : `[${items.join(", ")}]`;
}

/** `{'names': ['x'], 'formats': ['<f8'], 'offsets': [8], 'itemsize': 16}` */
function dictText(
  rendering: Rendering,
  dtype: Dtype,
  fields: readonly Field[],
  showsAligned: boolean,
  levels: number,
): string | undefined {
  const formats = fields.map((field) => elementText(rendering, field.dtype, levels));
  if (formats.includes(undefined)) return undefined;
  const titles = fields.some(({ title }) => title !== undefined)
    ? [`'titles': [${fields.map(({ title }) => (title === undefined ? "None" : quoted(title))).join(", ")}]`]
    : [];
  const parts = [
    `'names': [${fields.map(({ name }) => quoted(name)).join(", ")}]`,
    `'formats': [${formats.join(", ")}]`,
    `'offsets': [${fields.map(({ offset }) => offset).join(", ")}]`,
    ...titles,
    `'itemsize': ${dtype.size}`,
    ...(showsAligned && dtype.isAligned ? ["'aligned': True"] : []),
  ];
  return `{${parts.join(", ")}}`;
}

function quoted(text: string): string {
  const points = [...text].map((character) => character.codePointAt(0) ?? 0);
  return quote(points, Number.POSITIVE_INFINITY, isPrintable).text;
}
