/** What pandas keeps data in. */
import {
  decodePointers,
  decodeRange,
  decodeTimeDelta,
  decodeTimeZone,
  decodeZoneInfo,
  listHeader,
  tupleHeader,
} from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { dtypeName } from "./array-dtype.js";
import { arrayDescriptor, arrayShape, isArray, shapeText } from "./array-shape.js";
import { memberObject, memberOf } from "./attributes.js";
import { plainText } from "./escapes.js";
import { isNone } from "./render-dates.js";
import { smallInteger } from "./render-scalars.js";
import type { NamedRenderers, RemoteObject, Renderer, Rendering } from "./rendering.js";

/** How deep arrays and types are in one another; hostile memory has no end of it. pandas has three levels. */
const MAX_NESTING = 4;

/**
 * `<pandas.DataFrame shape=(3, 2) dtype=int64,str>`: columns are kept in blocks of one type each. A manager has the axes,
 * the rows' last, and the blocks.
 */
const renderDataFrame: Renderer = (rendering, object) => {
  const { layout, objects } = rendering;
  const manager = memberObject(rendering, object, "_mgr");
  if (manager === undefined) return false;
  const axes = managed(rendering, manager, "axes", 2);
  const header = axes?.type.kind === "list" ? listHeader(layout, axes.bytes) : undefined;
  if (header?.dataAddress === undefined || header.length > 2) return false;
  const indices = objects.pointers(header.dataAddress, header.length).toReversed();
  const shape = indices.map((index) => indexLength(rendering, index) ?? "?");
  const types = [...new Set(blockTypes(rendering, managed(rendering, manager, "blocks", 1)))].join(",");
  writeForm(rendering, object, shape, types);
  return true;
};

/** `<pandas.Index shape=(3,) dtype=str>` */
const renderIndex: Renderer = (rendering, object) => {
  const length = indexLength(rendering, object.address);
  if (length === undefined) return false;
  const data = memberObject(rendering, object, "_data");
  const isRange = memberOf(rendering, object, "_range") !== 0;
  const dtype = isRange ? "int64" : data === undefined ? "object" : extensionDtype(rendering, data);
  writeForm(rendering, object, [length], dtype);
  return true;
};

/** `<pandas.Categorical shape=(3,) dtype=category>` */
const renderExtensionArray: Renderer = (rendering, object) => {
  const length = lengthOf(rendering, object);
  const dtype = extensionDtype(rendering, object);
  writeForm(rendering, object, [length ?? "?"], dtype);
  return true;
};

function writeForm(
  { out }: Rendering,
  { type }: RemoteObject,
  shape: readonly (number | string)[],
  dtype: string,
): void {
  out.mark(`<${type.fullName} shape=${shapeText(shape)}`);
  if (dtype !== "") {
    out.write(" dtype=");
    out.writeSome(plainText(dtype));
  }
  out.write(">");
}

/** Something that a manager has: an attribute of Python's, or a field of Cython's. */
function managed(
  rendering: Rendering,
  manager: RemoteObject,
  name: string,
  field: number,
): RemoteObject | undefined {
  return memberObject(rendering, manager, name) ?? rendering.read(rendering.field(manager, field));
}

/** The length of an index: that of the range or the array that it stands for, or of codes for its levels. */
function indexLength(rendering: Rendering, address: Address): number | undefined {
  const index = rendering.read(address);
  if (index === undefined) return undefined;
  const range = memberObject(rendering, index, "_range");
  if (range !== undefined) {
    const header = decodeRange(rendering.layout, range.bytes);
    const length = header && rendering.read(header.length);
    const value = length?.type.kind === "long" ? smallInteger(rendering, length) : undefined;
    return value === undefined ? undefined : Number(value);
  }
  const data = memberObject(rendering, index, "_data");
  if (data !== undefined) return lengthOf(rendering, data);
  // A list that cannot be changed: `_codes`.
  const codes = memberObject(rendering, index, "_codes");
  const header = codes?.type.kind === "list" ? listHeader(rendering.layout, codes.bytes) : undefined;
  const first =
    header?.dataAddress === undefined
      ? undefined
      : rendering.read(rendering.objects.pointer(header.dataAddress));
  return first && lengthOf(rendering, first);
}

/** Of an array, or of what is kept in arrays. */
function lengthOf(rendering: Rendering, object: RemoteObject): number | undefined {
  const array = arrayIn(rendering, object);
  return array && arrayShape(rendering, array)?.[0];
}

const MAX_BLOCKS = 16;

function blockTypes(rendering: Rendering, blocks: RemoteObject | undefined): string[] {
  if (blocks?.type.kind !== "tuple") return [];
  const header = tupleHeader(rendering.layout, blocks.bytes);
  const data =
    header &&
    rendering.objects.data(blocks.address, blocks.bytes, header, MAX_BLOCKS * rendering.layout.pointerSize);
  return decodePointers(rendering.layout, data ?? new Uint8Array(0)).map((address) => {
    const block = rendering.read(address);
    const values =
      block &&
      fieldsOf(rendering, block).find((value) => isArray(value.type) || isExtensionArray(rendering, value));
    return values === undefined ? "?" : extensionDtype(rendering, values);
  });
}

function isExtensionArray({ types }: Rendering, { type }: RemoteObject): boolean {
  return types.mro(type).some(({ name }) => name === "ExtensionArray");
}

/** `str(array.dtype)`; the name of the class for those that are not known here. */
function extensionDtype(rendering: Rendering, object: RemoteObject): string {
  const { name } = object.type;
  const dtype = isArray(object.type) ? arrayDescriptor(rendering, object) : dtypeObject(rendering, object);
  const text = dtype && namedDtype(rendering, dtype);
  if (text !== undefined) return text;
  const array = arrayIn(rendering, object);
  const descriptor = array && arrayDescriptor(rendering, array);
  const inner = descriptor && dtypeName(rendering, descriptor);
  if (name === "Categorical") return "category";
  if (name === "BooleanArray") return "boolean";
  if (name === "StringArray") return "string";
  if (inner === undefined) return name;
  if (name === "IntegerArray" || name === "FloatingArray")
    return inner.replace(/^u?[a-z]/, (part) => part.toUpperCase());
  return /^(Numpy|Pandas)(Extension)?Array$/.test(name) ? inner : name;
}

/** What an array says of its type itself: an attribute, or a field of Cython's. */
function dtypeObject(rendering: Rendering, object: RemoteObject): RemoteObject | undefined {
  return (
    memberObject(rendering, object, "_dtype") ??
    fieldsOf(rendering, object).find(({ type }) => rendering.types.mro(type).some(isDtype))
  );
}

function isDtype({ name }: { readonly name: string }): boolean {
  return name === "ExtensionDtype" || name === "dtype";
}

function namedDtype(rendering: Rendering, dtype: RemoteObject, levels = MAX_NESTING): string | undefined {
  const { name } = dtype.type;
  const text = (member: string): string | undefined => {
    return rendering.name(memberOf(rendering, dtype, member));
  };
  if (name === "CategoricalDtype") return "category";
  if (name === "BooleanDtype") return "boolean";
  if (name === "StringDtype") {
    const missing = memberObject(rendering, dtype, "_na_value");
    return missing?.type.kind === "float" ? "str" : "string";
  }
  if (name === "DatetimeTZDtype") {
    const [unit, zone] = [text("_unit"), memberObject(rendering, dtype, "_tz")];
    const zoneName = zone && nameOfZone(rendering, zone);
    return unit === undefined || zoneName === undefined ? undefined : `datetime64[${unit}, ${zoneName}]`;
  }
  if (name === "IntervalDtype") {
    const [part, closed] = [memberObject(rendering, dtype, "_subtype"), text("_closed")];
    const inner = part && levels > 0 ? namedDtype(rendering, part, levels - 1) : undefined;
    return inner === undefined || closed === undefined ? undefined : `interval[${inner}, ${closed}]`;
  }
  return dtypeName(rendering, dtype);
}

/** `str` of a time zone: a name of its own, or UTC. */
function nameOfZone(rendering: Rendering, zone: RemoteObject): string | undefined {
  const { layout, objects } = rendering;
  const { fullName } = zone.type;
  if (fullName === "datetime.timezone") {
    const header = decodeTimeZone(layout, zone.bytes);
    const delta = header && decodeTimeDelta(layout, objects.object(header.offset));
    return header?.name === 0 && delta !== undefined && isNone(delta) ? "UTC" : undefined;
  }
  if (fullName === "zoneinfo.ZoneInfo") {
    const header = decodeZoneInfo(layout, zone.bytes);
    return header && rendering.name(header.key);
  }
  const { types } = rendering;
  const ofClass = types.mro(zone.type).map((type) => types.attribute(type, "zone"));
  return rendering.name(memberOf(rendering, zone, "zone") || (ofClass.find((address) => address !== 0) ?? 0));
}

/** An array, or the first one that an extension's object refers to. */
function arrayIn(rendering: Rendering, object: RemoteObject, levels = MAX_NESTING): RemoteObject | undefined {
  if (isArray(object.type)) return object;
  if (levels === 0) return undefined;
  for (const name of ["_data", "_ndarray", "_codes", "_left"]) {
    const member = memberObject(rendering, object, name);
    const array = member && arrayIn(rendering, member, levels - 1);
    if (array !== undefined) return array;
  }
  return fieldsOf(rendering, object).find(({ type }) => isArray(type));
}

/** What the first fields of an object of C refer to. */
function fieldsOf(rendering: Rendering, object: RemoteObject): RemoteObject[] {
  const fields = [0, 1, 2, 3, 4, 5].map((index) => rendering.field(object, index));
  return fields.map((field) => rendering.read(field)).filter((one) => one !== undefined);
}

export const dataFrameForms: NamedRenderers = [
  ...["pandas.DataFrame", "pandas.core.frame.DataFrame", "pandas.Series", "pandas.core.series.Series"].map(
    (name): readonly [string, Renderer] => [name, renderDataFrame],
  ),
  ["pandas.Index", renderIndex],
  ["pandas.core.indexes.base.Index", renderIndex],
  ["pandas.api.extensions.ExtensionArray", renderExtensionArray],
  ["pandas.core.arrays.base.ExtensionArray", renderExtensionArray],
];
