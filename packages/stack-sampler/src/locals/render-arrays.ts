import { decodePointers, listHeader, tupleHeader } from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { attributeOf } from "./attributes.js";
import { complexText, floatText, narrowFloatText } from "./numbers.js";
import type { PythonType } from "./python-type.js";
import { renderInstance } from "./render-instances.js";
import { renderBytes, renderText, smallInteger } from "./render-scalars.js";
import type { RemoteObject, Renderer, Rendering } from "./rendering.js";

/** More dimensions than any array has. */
const MAX_DIMENSIONS = 64;

/** `<numpy.ndarray shape=(2, 3) dtype=float64>` */
export const renderArray: Renderer = (rendering, object) => {
  const shape = arrayShape(rendering, object);
  if (shape === undefined) return false;
  const dtype = arrayDtype(rendering, object);
  rendering.out.write(`<${object.type.fullName} shape=${shapeText(shape)} dtype=${dtype ?? "?"}>`);
  return true;
};

/** `PyArrayObject`: data, nd (int), dimensions, strides, base, descr. */
function arrayShape(rendering: Rendering, object: RemoteObject): number[] | undefined {
  const count = rendering.field(object, 1) % 2 ** 32;
  if (count > MAX_DIMENSIONS) return undefined;
  const shape = rendering.objects.pointers(rendering.field(object, 2), count);
  return shape.length === count ? shape : undefined;
}

/** `PyArray_Descr` begins with the type of a scalar. */
function arrayDtype(rendering: Rendering, object: RemoteObject): string | undefined {
  const descriptor = rendering.read(rendering.field(object, 5));
  return descriptor && scalarName(rendering, descriptor);
}

function scalarName(rendering: Rendering, descriptor: RemoteObject): string | undefined {
  return rendering.types.at(rendering.field(descriptor, 0))?.name.replace(/_$/, "");
}

/** `dtype('float64')` */
export const renderDtype: Renderer = (rendering, object) => {
  const name = scalarName(rendering, object);
  if (name === undefined) return false;
  rendering.out.write(`dtype('${name}')`);
  return true;
};

/**
 * `<pandas.DataFrame shape=(3, 2) dtype=int64,StringArray>`: columns are kept in blocks of one type each. A manager has
 * the axes, the rows' last, and the blocks.
 */
export const renderDataFrame: Renderer = (rendering, object) => {
  const { layout, objects, out } = rendering;
  const manager = rendering.read(attributeOf(rendering, object, "_mgr"));
  if (manager === undefined) return false;
  const axes = managed(rendering, manager, "axes", 2);
  const header = axes?.type.kind === "list" ? listHeader(layout, axes.bytes) : undefined;
  if (header?.dataAddress === undefined || header.length > 2) return false;
  const indices = objects.pointers(header.dataAddress, header.length).toReversed();
  const shape = indices.map((index) => indexLength(rendering, index) ?? "?");
  const types = [...new Set(blockTypes(rendering, managed(rendering, manager, "blocks", 1)))].join(",");
  out.write(`<${object.type.fullName} shape=${shapeText(shape)}${types === "" ? "" : ` dtype=${types}`}>`);
  return true;
};

/** Something that a manager has: an attribute of Python's, or a field of Cython's. */
function managed(
  rendering: Rendering,
  manager: RemoteObject,
  name: string,
  field: number,
): RemoteObject | undefined {
  const attribute = attributeOf(rendering, manager, name);
  return rendering.read(attribute !== 0 ? attribute : rendering.field(manager, field));
}

/** The length of an index: that of the range or the array that it stands for. */
function indexLength(rendering: Rendering, address: Address): number | undefined {
  const index = rendering.read(address);
  if (index === undefined) return undefined;
  const range = rendering.read(attributeOf(rendering, index, "_range"));
  if (range !== undefined) {
    const length = rendering.read(rendering.field(range, 3));
    const value = length?.type.kind === "long" ? smallInteger(rendering, length) : undefined;
    return value === undefined ? undefined : Number(value);
  }
  const data = rendering.read(attributeOf(rendering, index, "_data"));
  const array = data && arrayIn(rendering, data);
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
      fieldsOf(rendering, block).find(({ type }) => isArray(type) || /Array$|^Categorical$/.test(type.name));
    if (values === undefined) return "?";
    return isArray(values.type) ? (arrayDtype(rendering, values) ?? "?") : values.type.name;
  });
}

/** `<torch.Tensor shape=(2, 3) dtype=float32>`: what C++ keeps of a tensor points back to the object. */
export const renderTensor: Renderer = (rendering, object) => {
  for (const field of [0, 1]) {
    const tensor = tensorAt(rendering, object.address, rendering.field(object, field));
    if (tensor === undefined) continue;
    rendering.out.write(`<${object.type.fullName} shape=${shapeText(tensor.shape)} dtype=${tensor.dtype}>`);
    return true;
  }
  return renderInstance(rendering, object);
};

/**
 * `c10::TensorImpl` (2.x), whose beginning differs from release to release. From the pointer back on: the number of
 * dimensions, room for five sizes or a pointer to more, the same for strides, an offset, the number of elements, the type.
 */
function tensorAt(
  { objects }: Rendering,
  object: Address,
  implementation: Address,
): { readonly shape: readonly number[]; readonly dtype: string } | undefined {
  const words = objects.pointers(implementation, 24);
  const back = words.indexOf(object, 1);
  const [dimensions = MAX_DIMENSIONS, ...rest] = back < 0 ? [] : words.slice(back + 1);
  const [elements, type] = rest.slice(11);
  if (dimensions >= MAX_DIMENSIONS || type === undefined) return undefined;
  const shape = dimensions <= 5 ? rest.slice(0, dimensions) : objects.pointers(rest[0] ?? 0, dimensions);
  const isShape =
    shape.length === dimensions && shape.reduce((product, size) => product * size, 1) === elements;
  return isShape ? { shape, dtype: tensorTypes[type % 2 ** 16] ?? "?" } : undefined;
}

/** `c10::ScalarType` */
const tensorTypes: Readonly<Record<number, string>> = {
  0: "uint8",
  1: "int8",
  2: "int16",
  3: "int32",
  4: "int64",
  5: "float16",
  6: "float32",
  7: "float64",
  8: "complex32",
  9: "complex64",
  10: "complex128",
  11: "bool",
  15: "bfloat16",
};

/** An array, or the first one that an extension's object refers to. */
function arrayIn(rendering: Rendering, object: RemoteObject): RemoteObject | undefined {
  return isArray(object.type) ? object : fieldsOf(rendering, object).find(({ type }) => isArray(type));
}

function isArray({ fullName }: PythonType): boolean {
  return fullName === "numpy.ndarray";
}

/** What the first fields of an object of C refer to. */
function fieldsOf(rendering: Rendering, object: RemoteObject): RemoteObject[] {
  const fields = [0, 1, 2, 3, 4, 5].map((index) => rendering.field(object, index));
  return fields.map((field) => rendering.read(field)).filter((one) => one !== undefined);
}

function shapeText(shape: readonly (number | string)[]): string {
  return `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
}

/** `np.float64(0.5)`: the value is behind the header. */
export const renderNumpyScalar: Renderer = (rendering, object) => {
  const { name } = object.type;
  const { size } = rendering.layout.object;
  const text = scalarText(
    name,
    new DataView(object.bytes.buffer, object.bytes.byteOffset, object.bytes.length),
    size,
  );
  if (text === undefined) return false;
  const isBool = name === "bool" || name === "bool_";
  rendering.out.write(isBool ? `np.${text}_` : `np.${name}(${text})`);
  return true;
};

const scalarReaders: ReadonlyMap<string, (view: DataView, at: number) => string> = new Map([
  ["bool", (view, at) => (view.getUint8(at) === 0 ? "False" : "True")],
  ["bool_", (view, at) => (view.getUint8(at) === 0 ? "False" : "True")],
  ["int8", (view, at) => `${view.getInt8(at)}`],
  ["uint8", (view, at) => `${view.getUint8(at)}`],
  ["int16", (view, at) => `${view.getInt16(at, true)}`],
  ["uint16", (view, at) => `${view.getUint16(at, true)}`],
  ["int32", (view, at) => `${view.getInt32(at, true)}`],
  ["uint32", (view, at) => `${view.getUint32(at, true)}`],
  ["int64", (view, at) => `${view.getBigInt64(at, true)}`],
  ["uint64", (view, at) => `${view.getBigUint64(at, true)}`],
  ["longlong", (view, at) => `${view.getBigInt64(at, true)}`],
  ["ulonglong", (view, at) => `${view.getBigUint64(at, true)}`],
  ["float16", (view, at) => narrowFloatText(halfFloat(view.getUint16(at, true)), 10)],
  ["float32", (view, at) => narrowFloatText(view.getFloat32(at, true), 23)],
  ["float64", (view, at) => floatText(view.getFloat64(at, true), "shortest")],
  [
    "complex128",
    (view, at) => {
      const text = complexText(view.getFloat64(at, true), view.getFloat64(at + 8, true), "shortest");
      return text.replace(/^\((.*)\)$/, "$1");
    },
  ],
]);

export const numpyScalarNames: readonly string[] = [...scalarReaders.keys()].map((name) => `numpy.${name}`);

function scalarText(name: string, view: DataView, at: number): string | undefined {
  return at + 16 <= view.byteLength ? scalarReaders.get(name)?.(view, at) : undefined;
}

function halfFloat(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** `np.str_('a')`, `np.bytes_(b'a')`: a kind of string. */
export const renderNumpyText: Renderer = (rendering, object) => {
  const { out } = rendering;
  const { name } = object.type;
  out.write(`np.${name}(`);
  if (!(name === "str_" ? renderText : renderBytes)(rendering, object)) out.unreadable();
  out.write(")");
  return true;
};
