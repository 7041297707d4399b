import { timeUnit } from "./array-dtype.js";
import { complexText, floatText, narrowFloatText } from "./numbers.js";
import { renderBytes, renderText } from "./render-scalars.js";
import type { NamedRenderers, RemoteObject, Renderer, Rendering } from "./rendering.js";

/** How a release of numpy shows scalars. */
interface NumpyStyle {
  /** `np.float64(0.5)` instead of `0.5` (2.0). */
  readonly hasNames: boolean;
  /** From which number on floats of few bits have an exponent, as all have from 1e16 on (2.3). */
  readonly limits: { readonly float16: number; readonly float32: number };
  /** What is no time is said to have a unit (2.4). */
  readonly hasUnitOfNothing: boolean;
}

const NUMPY_1: NumpyStyle = {
  hasNames: false,
  limits: { float16: 1e16, float32: 1e16 },
  hasUnitOfNothing: false,
};

/** What a scalar's types are called and can do tells of which release they are; nothing there is the release itself. */
function styleOf({ types }: Rendering, { type }: RemoteObject): NumpyStyle {
  const generic = types.mro(type).find(({ fullName }) => fullName === "numpy.generic");
  const bool = generic && types.subclasses(generic).find(({ fullName }) => fullName === "numpy.bool");
  if (generic === undefined || bool === undefined) return NUMPY_1;
  const isOld = types.attribute(bool, "__index__") !== 0;
  return {
    hasNames: true,
    limits: isOld ? NUMPY_1.limits : { float16: 1e3, float32: 1e6 },
    hasUnitOfNothing: types.attribute(generic, "newbyteorder") === 0,
  };
}

/** `np.float64(0.5)`, of numpy 1 `0.5`: the value is behind the header. */
const renderNumpyScalar: Renderer = (rendering, object) => {
  const { name } = object.type;
  const view = new DataView(object.bytes.buffer, object.bytes.byteOffset, object.bytes.length);
  const style = styleOf(rendering, object);
  const text = scalarText(name, view, rendering.layout.object.size, style);
  if (text === undefined) return false;
  const isBool = name === "bool" || name === "bool_";
  const isComplex = name === "complex64" || name === "complex128";
  const shown = name.replace("longlong", "int64");
  if (!style.hasNames) rendering.out.write(text);
  else if (isBool) rendering.out.write(`np.${text}_`);
  else rendering.out.write(`np.${shown}(${isComplex ? text.replace(/^\((.*)\)$/, "$1") : text})`);
  return true;
};

const scalarReaders: ReadonlyMap<string, (view: DataView, at: number, style: NumpyStyle) => string> = new Map(
  [
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
    [
      "float16",
      (view, at, { limits }) => narrowText(halfFloat(view.getUint16(at, true)), 10, limits.float16),
    ],
    ["float32", (view, at, { limits }) => narrowText(view.getFloat32(at, true), 23, limits.float32)],
    ["float64", (view, at) => floatText(view.getFloat64(at, true), "shortest")],
    [
      "complex64",
      (view, at, { limits }) =>
        narrowComplexText(view.getFloat32(at, true), view.getFloat32(at + 4, true), limits.float32),
    ],
    [
      "complex128",
      (view, at) => complexText(view.getFloat64(at, true), view.getFloat64(at + 8, true), "shortest"),
    ],
  ],
);

function scalarText(name: string, view: DataView, at: number, style: NumpyStyle): string | undefined {
  return at + 16 <= view.byteLength ? scalarReaders.get(name)?.(view, at, style) : undefined;
}

/** A part is the double that has the same digits as the float. */
function narrowComplexText(real: number, imaginary: number, limit: number): string {
  const [first = "", second = ""] = [real, imaginary].map((part) =>
    narrowText(part, 23, limit).replace(/\.0$/, ""),
  );
  if (real === 0 && !Object.is(real, -0)) return `${second}j`;
  return `(${first}${second.startsWith("-") ? "" : "+"}${second}j)`;
}

/** With an exponent also where the number is great for so few bits, or its digits alone are not small. */
function narrowText(value: number, mantissa: number, limit: number): string {
  const text = narrowFloatText(value, mantissa);
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size === 0 || text.includes("e") || (size < limit && size >= 1e-4))
    return text;
  const [digits = "", exponent = "0"] = Number(text).toExponential().split("e");
  return `${digits}e${exponent.startsWith("-") ? "-" : "+"}${exponent.slice(1).padStart(2, "0")}`;
}

function halfFloat(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** `np.str_('a')`, `np.bytes_(b'a')`, of numpy 1 `'a'`: a kind of string. */
const renderNumpyText: Renderer = (rendering, object) => {
  const { out } = rendering;
  const { name } = object.type;
  const render = name === "str_" ? renderText : renderBytes;
  if (!styleOf(rendering, object).hasNames) return render(rendering, object);
  out.write(`np.${name}(`);
  if (!render(rendering, object)) out.unreadable();
  out.write(")");
  return true;
};

/** `np.datetime64('2020-01-01')`: a number, the unit. */
const renderDateTime64: Renderer = (rendering, object) => {
  const { value, unit } = timeOf(rendering, object);
  const text = value === NOT_A_TIME ? "NaT" : unit === undefined ? undefined : dateText(value, unit);
  if (text === undefined || unit === undefined) return false;
  const isUnitTold = unit === "h" || (text === "NaT" && styleOf(rendering, object).hasUnitOfNothing);
  rendering.out.write(`${prefix(rendering, object)}datetime64('${text}'${isUnitTold ? `,'${unit}'` : ""})`);
  return true;
};

/** `np.timedelta64(5,'s')` */
const renderTimeDelta64: Renderer = (rendering, object) => {
  const { value, unit } = timeOf(rendering, object);
  const text = value === NOT_A_TIME ? "'NaT'" : value;
  rendering.out.write(
    `${prefix(rendering, object)}timedelta64(${text}${unit === undefined ? "" : `,'${unit}'`})`,
  );
  return true;
};

function prefix(rendering: Rendering, object: RemoteObject): string {
  return styleOf(rendering, object).hasNames ? "np." : "numpy.";
}

const NOT_A_TIME = -(2n ** 63n);

function timeOf(
  { layout }: Rendering,
  { bytes }: RemoteObject,
): { readonly value: bigint; readonly unit: string | undefined } {
  const at = layout.object.size;
  if (bytes.length < at + 16) return { value: NOT_A_TIME, unit: undefined };
  const value = new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(at, true);
  return { value, unit: timeUnit(bytes.subarray(at + 8, at + 16))?.slice(1, -1) };
}

/** How many of a unit are a day, and how many characters of an ISO date up to seconds are shown. */
const partsOfDay: ReadonlyMap<string, readonly [count: bigint, length: number]> = new Map([
  ["D", [1n, 10]],
  ["h", [24n, 13]],
  ["m", [1440n, 16]],
  ["s", [86_400n, 19]],
  ["ms", [86_400_000n, 19]],
  ["us", [86_400_000_000n, 19]],
  ["ns", [86_400_000_000_000n, 19]],
]);

/** Undefined if it is in another unit, or not within years of four digits. */
function dateText(value: bigint, unit: string): string | undefined {
  if (unit === "Y" || unit === "M") {
    const months = Number(unit === "Y" ? 12n * value : value);
    return isoText(Date.UTC(1970, months))?.slice(0, unit === "Y" ? 4 : 7);
  }
  const parts = unit === "W" ? partsOfDay.get("D") : partsOfDay.get(unit);
  if (parts === undefined) return undefined;
  const [perDay, length] = parts;
  const count = unit === "W" ? 7n * value : value;
  const days = (count - (((count % perDay) + perDay) % perDay)) / perDay;
  const rest = count - days * perDay;
  const perSecond = perDay / 86_400n;
  const milliseconds = perDay < 86_400n ? rest * (86_400_000n / perDay) : (rest / perSecond) * 1000n;
  const text = isoText(Number(days) * 86_400_000 + Number(milliseconds))?.slice(0, length);
  if (text === undefined || perSecond <= 1n) return text;
  return `${text}.${String(rest % perSecond).padStart(String(perSecond).length - 1, "0")}`;
}

function isoText(milliseconds: number): string | undefined {
  const date = new Date(milliseconds);
  const year = date.getUTCFullYear();
  return year >= 0 && year <= 9999 ? date.toISOString() : undefined;
}

export const numpyScalarRenderers: NamedRenderers = [
  ["numpy.str_", renderNumpyText],
  ["numpy.bytes_", renderNumpyText],
  ["numpy.datetime64", renderDateTime64],
  ["numpy.timedelta64", renderTimeDelta64],
  ...[...scalarReaders.keys()].map((name): readonly [string, Renderer] => [
    `numpy.${name}`,
    renderNumpyScalar,
  ]),
];
