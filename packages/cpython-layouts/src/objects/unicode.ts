import { ABSENT, type Layout } from "../layout.js";
import { type DataLocation, isPlausible, viewOf, wordAt } from "../object-view.js";

/** What a string says about its text. */
export interface TextHeader extends DataLocation {
  /** Length in units of `kind` bytes: code points in 3.3 and later. */
  readonly length: number;
  /** Bytes of a unit. */
  readonly kind: 1 | 2 | 4;
  readonly ascii: boolean;
}

/**
 * The header of a `str`, or of a `unicode` of 2.x.
 *
 * @param object - bytes of the object from its start; `OBJECT_READ_SIZE` are enough
 * @returns undefined if these bytes are not a string, or too few
 * @example
 * const header = unicodeHeader(layout, object);
 * if (header && header.dataAddress === undefined) {
 *   const data = object.subarray(header.dataOffset, header.dataOffset + header.byteLength);
 *   console.log(decodeText(header, data)); // if all of it was read
 * }
 */
export function unicodeHeader(layout: Layout, object: Uint8Array): TextHeader | undefined {
  const { unicode } = layout;
  if (unicode.state === ABSENT) return unicode2Header(layout, object);
  if (object.length < unicode.state + 4) return undefined;
  const view = viewOf(object);
  const state = view.getUint32(unicode.state, true);
  const kind = (state >>> unicode.kindShift) & 7;
  const ascii = ((state >>> unicode.asciiShift) & 1) === 1;
  if (kind === 0 && unicode.wstr !== ABSENT) return wideHeader(layout, object);
  if ((kind !== 1 && kind !== 2 && kind !== 4) || (ascii && kind !== 1)) return undefined;
  const length = wordAt(layout, view, unicode.length);
  if (((state >>> unicode.compactShift) & 1) === 0)
    return pointedHeader(layout, object, unicode.data, length, kind, ascii);
  if (!isPlausible(length, kind)) return undefined;
  return {
    length,
    kind,
    ascii,
    byteLength: length * kind,
    dataOffset: ascii ? unicode.asciiData : unicode.compactData,
    dataAddress: undefined,
  };
}

function unicode2Header(layout: Layout, object: Uint8Array): TextHeader | undefined {
  const { length, str, unitSize } = layout.unicode2;
  if (length === ABSENT || object.length < str + layout.pointerSize) return undefined;
  // 2.3 and 2.4 have an int here, and padding behind it.
  const view = viewOf(object);
  const units =
    layout.object.ob_size_width === 4 ? view.getUint32(length, true) : wordAt(layout, view, length);
  return pointedHeader(layout, object, str, units, unitSize, false);
}

/** A string of 3.3–3.11 that an extension made with `wchar_t` and nobody has looked at yet. */
function wideHeader(layout: Layout, object: Uint8Array): TextHeader | undefined {
  const { wstr, wstr_length, wcharSize } = layout.unicode;
  if (object.length < wstr_length + layout.pointerSize) return undefined;
  return pointedHeader(layout, object, wstr, wordAt(layout, viewOf(object), wstr_length), wcharSize, false);
}

function pointedHeader(
  layout: Layout,
  object: Uint8Array,
  pointer: number,
  length: number,
  kind: 1 | 2 | 4,
  ascii: boolean,
): TextHeader | undefined {
  if (object.length < pointer + layout.pointerSize || !isPlausible(length, kind)) return undefined;
  const dataAddress = wordAt(layout, viewOf(object), pointer);
  return { length, kind, ascii, byteLength: length * kind, dataOffset: ABSENT, dataAddress };
}

/**
 * The text of a string. Surrogates that a Python string can hold alone stay alone in the result; two that stand
 * together become one character, because UTF-16 cannot tell the two apart. A unit that is no code point becomes
 * U+FFFD.
 *
 * @param header - what {@link unicodeHeader} returned
 * @param data - `header.byteLength` bytes from where the header says; if there are fewer, the text is as much shorter.
 *   What is beyond 2^28 units is left out: engines have no longer strings.
 */
export function decodeText(header: Pick<TextHeader, "kind">, data: Uint8Array): string {
  const units = Math.min(LONGEST, Math.floor(data.length / header.kind));
  const view = viewOf(data);
  let text = "";
  for (let start = 0; start < units; start += UNITS_AT_A_TIME) {
    const end = Math.min(units, start + UNITS_AT_A_TIME);
    const codePoints: number[] = [];
    for (let index = start; index < end; index++) codePoints.push(unitAt(view, header.kind, index));
    text += String.fromCodePoint(...codePoints);
  }
  return text;
}

const LONGEST = 2 ** 28;

/** As many arguments as every engine takes in one call. */
const UNITS_AT_A_TIME = 4096;

function unitAt(view: DataView, kind: 1 | 2 | 4, index: number): number {
  if (kind === 1) return view.getUint8(index);
  if (kind === 2) return view.getUint16(index * 2, true);
  const codePoint = view.getUint32(index * 4, true);
  return codePoint <= 0x10ffff ? codePoint : 0xfffd;
}
