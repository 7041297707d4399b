import { ABSENT, type Layout } from "../layout.js";
import { type DataLocation, sizeAt, sizedHeaderEnd, viewOf, wordAt } from "../object-view.js";

/** What an `int` (a `long` of 2.x) says about its digits. */
export interface LongHeader extends DataLocation {
  readonly negative: boolean;
}

/**
 * The header of an `int` of 3.x, or of a `long` of 2.x; a `bool` of 3.x is one too.
 *
 * @param object - bytes of the object from its start; `OBJECT_READ_SIZE` are enough
 * @returns undefined if these bytes are not such an object, or too few
 */
export function longHeader(layout: Layout, object: Uint8Array): LongHeader | undefined {
  const { lv_tag, ob_digit, digitSize } = layout.int;
  if (object.length < sizedHeaderEnd(layout)) return undefined;
  const size =
    lv_tag === ABSENT ? sizeAt(layout, viewOf(object)) : sizeOfTag(wordAt(layout, viewOf(object), lv_tag));
  const byteLength = Math.abs(size) * digitSize;
  if (byteLength > Number.MAX_SAFE_INTEGER) return undefined;
  return { negative: size < 0, byteLength, dataOffset: ob_digit, dataAddress: undefined };
}

/** `lv_tag`: bits 0 and 1 are the sign (0 +, 1 zero, 2 −), bit 2 says nothing about the value, the rest is the number of digits. */
function sizeOfTag(tag: number): number {
  const digits = Math.floor(tag / 8);
  const sign = tag % 4;
  return sign === 1 ? 0 : sign === 2 ? -digits : digits;
}

/**
 * The value of an `int` of any size.
 *
 * @param header - what {@link longHeader} returned
 * @param data - `header.byteLength` bytes from where the header says
 * @returns undefined if there are fewer, or more than 16 MB
 */
export function decodeLong(layout: Layout, header: LongHeader, data: Uint8Array): bigint | undefined {
  const { digitSize, digitBits } = layout.int;
  if (data.length < header.byteLength || header.byteLength > LONGEST) return undefined;
  const view = viewOf(data);
  // Joined as text, because adding up shifted BigInts takes a time that grows with the square of their size.
  const digits: string[] = [];
  for (let offset = header.byteLength - digitSize; offset >= 0; offset -= digitSize) {
    const digit = digitSize === 4 ? view.getUint32(offset, true) : view.getUint16(offset, true);
    digits.push((digit % 2 ** digitBits).toString(2).padStart(digitBits, "0"));
  }
  const magnitude = BigInt(`0b0${digits.join("")}`);
  return header.negative ? -magnitude : magnitude;
}

/** Bytes of digits: 32 million digits in decimal. Engines stop at some 2^30 bits. */
const LONGEST = 2 ** 24;

/** The value of an `int` or `bool` of 2.x; undefined if the bytes are too few. */
export function decodeInt2(layout: Layout, object: Uint8Array): bigint | undefined {
  const { ob_ival, longSize } = layout.int;
  if (ob_ival === ABSENT || object.length < ob_ival + longSize) return undefined;
  const view = viewOf(object);
  return longSize === 8 ? view.getBigInt64(ob_ival, true) : BigInt(view.getInt32(ob_ival, true));
}
