import {
  ABSENT,
  byteArrayHeader,
  bytesHeader,
  decodeComplex,
  decodeFloat,
  decodeInt2,
  decodeLong,
  decodeSentinel,
  type LongHeader,
  longHeader,
  type TextHeader,
  unicodeHeader,
} from "@pyspy/cpython-layouts";
import { isPrintable, plainText, quote } from "./escapes.js";
import { complexText, floatText } from "./numbers.js";
import type { NamedRenderers, RemoteObject, Renderer, Rendering } from "./rendering.js";

/** As little of a string is shown however little room there is. */
const LEAST_TEXT = 10;

export const renderNone: Renderer = ({ out }) => {
  out.write("None");
  return true;
};

export const renderBool: Renderer = (rendering, object) => {
  const value = smallInteger(rendering, object);
  if (value === undefined) return false;
  rendering.out.write(value === 0n ? "False" : "True");
  return true;
};

/** The value of a `bool` or an `int`; undefined if it has more than some 480 bits. */
export function smallInteger(rendering: Rendering, object: RemoteObject): bigint | undefined {
  const { layout } = rendering;
  const isLong = layout.int.ob_ival === ABSENT || object.type.kind === "long";
  return isLong ? longValue(rendering, object, 64) : decodeInt2(layout, object.bytes);
}

export const renderInt2: Renderer = ({ layout, out }, { bytes }) => {
  const value = decodeInt2(layout, bytes);
  if (value === undefined) return false;
  out.write(String(value));
  return true;
};

/** A number is never cut, since half of it would be another number: it is there in full, or its size is told. */
export const renderLong: Renderer = (rendering, object) => {
  const { layout, out, limits, spelling } = rendering;
  const header = longHeader(layout, object.bytes);
  if (header === undefined) return false;
  const room = rendering.isOutermost
    ? limits.digits
    : Math.min(limits.digits, Math.max(out.room, LEAST_DIGITS));
  const { digitSize, digitBits } = layout.int;
  const bits = (header.byteLength / digitSize) * digitBits;
  // Of a number that is just too long the text tells.
  if ((bits - digitBits) * Math.log10(2) < room) {
    const value = longValue(rendering, object, header.byteLength);
    if (value === undefined) return false;
    const text = String(value);
    if (text.replace("-", "").length <= room) {
      out.write(text + spelling.longSuffix);
      return true;
    }
  }
  const length = bitLength(rendering, object, header);
  if (length === undefined) return false;
  out.mark(`<${header.negative ? "negative " : ""}int of ${length} bits>`);
  return true;
};

const LEAST_DIGITS = 20;

function longValue({ layout, objects }: Rendering, object: RemoteObject, limit: number): bigint | undefined {
  const header = longHeader(layout, object.bytes);
  if (header === undefined || header.byteLength > limit) return undefined;
  return decodeLong(layout, header, objects.data(object.address, object.bytes, header, header.byteLength));
}

function bitLength(
  { layout, objects }: Rendering,
  { address }: RemoteObject,
  header: LongHeader,
): number | undefined {
  const { digitSize, digitBits } = layout.int;
  const last = objects.bytes(address + header.dataOffset + header.byteLength - digitSize, digitSize);
  if (last.length < digitSize) return undefined;
  const highest = last.reduceRight((sum, byte) => sum * 256 + byte, 0);
  return (header.byteLength / digitSize - 1) * digitBits + (32 - Math.clz32(highest));
}

export const renderFloat: Renderer = ({ layout, out, spelling }, { bytes }) => {
  const value = decodeFloat(layout, bytes);
  if (value === undefined) return false;
  out.write(floatText(value, spelling.floatDigits));
  return true;
};

export const renderComplex: Renderer = ({ layout, out, spelling }, { bytes }) => {
  const value = decodeComplex(layout, bytes);
  if (value === undefined) return false;
  out.write(complexText(value.real, value.imaginary, spelling.floatDigits));
  return true;
};

export const renderText: Renderer = (rendering, object) => {
  const { layout, objects, out, spelling } = rendering;
  const header = unicodeHeader(layout, object.bytes);
  if (header === undefined) return false;
  const { unicodePrefix: prefix } = spelling;
  const room = Math.max(out.room - prefix.length, LEAST_TEXT);
  const data = objects.data(object.address, object.bytes, header, room * header.kind);
  if (data.length < Math.min(header.byteLength, header.kind)) return false;
  const points = [...codePoints(header, data, rendering.isPython2)];
  const isWhole = data.length === header.byteLength;
  const shown = quote(points, room, prefix === "" ? isPrintable : never);
  out.write(prefix + shown.text);
  if (!isWhole || shown.count < points.length) out.mark(`... ${header.length - shown.count} more`);
  return true;
};

/** A string of `count` units of some bytes each that is in no object. */
export function writeCodePoints(
  { objects, out, spelling, isPython2 }: Rendering,
  address: number,
  count: number,
  width: number,
  isOfBytes: boolean,
): boolean {
  const wanted = Math.min(count, Math.max(out.room, LEAST_TEXT));
  const data = objects.bytes(address, wanted * width);
  if (data.length < wanted * width) return false;
  const kind = width === 1 ? 1 : width === 2 ? 2 : 4;
  const points = [...codePoints({ kind }, data, isPython2)];
  const isPlain = isOfBytes || spelling.unicodePrefix !== "" ? never : isPrintable;
  const shown = quote(points, Math.max(out.room, LEAST_TEXT), isPlain);
  out.write((isOfBytes ? spelling.bytesPrefix : spelling.unicodePrefix) + shown.text);
  if (shown.count < points.length || wanted < count) out.mark(`... ${count - shown.count} more`);
  return true;
}

/** Characters of a part of a string that are looked at, be it to know which quotes it is shown in. */
const MAX_SLICE = 4096;

/** The part of a string of 3.x from one index to another. */
export function writeSlice(rendering: Rendering, object: RemoteObject, from: number, to: number): boolean {
  const { layout, objects, out } = rendering;
  const header = object.type.kind === "unicode" ? unicodeHeader(layout, object.bytes) : undefined;
  const location = object.type.kind === "bytes" ? bytesHeader(layout, object.bytes) : header;
  const width = header?.kind ?? 1;
  if (location === undefined || from > to || to * width > location.byteLength) return false;
  const length = Math.min(to - from, MAX_SLICE) * width;
  const start = location.dataAddress ?? object.address + location.dataOffset;
  const data = objects.bytes(start + from * width, length);
  if (data.length < length) return false;
  const points = header === undefined ? data : codePoints(header, data, false);
  const shown = quote(points, Math.max(out.room, LEAST_TEXT), header === undefined ? never : isPrintable);
  out.write((header === undefined ? rendering.spelling.bytesPrefix : "") + shown.text);
  if (shown.count < to - from) out.mark(`... ${to - from - shown.count} more`);
  return true;
}

/** Writes a text as `repr` of a `str` of 3.x does. */
export function writeString({ out }: Rendering, text: string): void {
  const points = [...text].map((character) => character.codePointAt(0) ?? 0);
  const shown = quote(points, Math.max(out.room, LEAST_TEXT), isPrintable);
  out.write(shown.text);
  if (shown.count < points.length) out.mark(`... ${points.length - shown.count} more`);
}

/**
 * Code points one by one: two surrogates that stand together are two characters in 3.x, but one in a 2.x that has
 * texts of 2 bytes.
 */
function* codePoints(
  { kind }: Pick<TextHeader, "kind">,
  data: Uint8Array,
  joinsSurrogates: boolean,
): Generator<number> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const at = (offset: number): number => {
    if (offset + kind > data.length) return 0;
    if (kind === 1) return view.getUint8(offset);
    return kind === 2 ? view.getUint16(offset, true) : view.getUint32(offset, true);
  };
  for (let offset = 0; offset + kind <= data.length; offset += kind) {
    const point = at(offset);
    const next = joinsSurrogates && kind === 2 && isBetween(point, 0xd800, 0xdbff) ? at(offset + 2) : 0;
    if (isBetween(next, 0xdc00, 0xdfff)) {
      yield 0x10000 + ((point - 0xd800) << 10) + (next - 0xdc00);
      offset += 2;
    } else yield point;
  }
}

function isBetween(value: number, first: number, last: number): boolean {
  return value >= first && value <= last;
}

export const renderBytes: Renderer = (rendering, object) => {
  const header = bytesHeader(rendering.layout, object.bytes);
  if (header === undefined) return false;
  return writeBytes(rendering, rendering.spelling.bytesPrefix, "", false, header.byteLength, (limit) =>
    rendering.objects.data(object.address, object.bytes, header, limit),
  );
};

/** `bytearray(b'abc')` */
const renderByteArray: Renderer = (rendering, object) => {
  const header = byteArrayHeader(rendering.layout, object.bytes);
  if (header === undefined) return false;
  const { spelling } = rendering;
  const name = spelling.namesSubclasses ? object.type.name : "bytearray";
  const isEscaped = spelling.escapesQuotesInByteArrays;
  return writeBytes(rendering, `${name}(b`, ")", isEscaped, header.byteLength, (limit) =>
    rendering.objects.data(object.address, object.bytes, header, limit),
  );
};

function writeBytes(
  { out }: Rendering,
  prefix: string,
  suffix: string,
  isQuoteEscaped: boolean,
  length: number,
  read: (limit: number) => Uint8Array,
): boolean {
  const room = Math.max(out.room - prefix.length - suffix.length, LEAST_TEXT);
  const data = read(room);
  if (data.length < Math.min(length, 1)) return false;
  const { text, count } = quote(data, room, never);
  out.write(prefix + (isQuoteEscaped && text.startsWith('"') ? text.replaceAll("'", "\\'") : text));
  if (count < length) out.mark(`... ${length - count} more`);
  out.write(suffix);
  return true;
}

function never(): boolean {
  return false;
}

function literally(text: string): Renderer {
  return ({ out }) => {
    out.write(text);
    return true;
  };
}

/** A `sentinel` (3.15) says its name. */
const renderSentinel: Renderer = (rendering, object) => {
  const sentinel = decodeSentinel(rendering.layout, object.bytes);
  const name = sentinel && rendering.name(sentinel.name);
  if (name) rendering.out.write(plainText(name));
  return Boolean(name);
};

export const scalarRenderers: NamedRenderers = [
  ["bytearray", renderByteArray],
  ["ellipsis", literally("Ellipsis")],
  ["NotImplementedType", literally("NotImplemented")],
  ["sentinel", renderSentinel],
];
