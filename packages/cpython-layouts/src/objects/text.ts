import { ABSENT, type Layout } from "../layout.js";

/** What a string says about its text, which may be in the object or elsewhere. */
export interface TextHeader {
  /** Length in units of `kind` bytes: code points in 3.3 and later. */
  readonly length: number;
  /** Bytes of a unit. */
  readonly kind: 1 | 2 | 4;
  readonly ascii: boolean;
  /** Size of the text in bytes. */
  readonly byteLength: number;
  /** Where the text starts in the object; `ABSENT` if it is elsewhere. */
  readonly dataOffset: number;
  /** Where the text starts in memory, if it is not in the object. */
  readonly dataAddress: number | undefined;
}

/** How many bytes of a `str` {@link unicodeHeader} wants at least. */
export function unicodeHeaderSize(layout: Layout): number {
  return layout.unicode.data + layout.pointerSize;
}

/**
 * The header of a `str` (3.3+).
 *
 * @param object - the bytes of the object from its start, at least {@link unicodeHeaderSize}; more is ignored
 * @returns undefined if these bytes are not a string
 * @example
 * const header = unicodeHeader(layout, object);
 * const text = decodeText(header, object.subarray(header.dataOffset, header.dataOffset + header.byteLength));
 */
export function unicodeHeader(layout: Layout, object: Uint8Array): TextHeader | undefined {
  const { unicode } = layout;
  if (object.length < unicodeHeaderSize(layout)) return undefined;
  const view = new DataView(object.buffer, object.byteOffset, object.byteLength);
  const state = view.getUint32(unicode.state, true);
  const kind = (state >>> unicode.kindShift) & 7;
  const length = readWord(view, unicode.length);
  const compact = ((state >>> unicode.compactShift) & 1) === 1;
  const ascii = ((state >>> unicode.asciiShift) & 1) === 1;
  if ((kind !== 1 && kind !== 2 && kind !== 4) || (ascii && kind !== 1)) return undefined;
  if (length * kind > Number.MAX_SAFE_INTEGER) return undefined;
  return {
    length,
    kind,
    ascii,
    byteLength: length * kind,
    dataOffset: compact ? (ascii ? unicode.asciiData : unicode.compactData) : ABSENT,
    dataAddress: compact ? undefined : readWord(view, unicode.data),
  };
}

/**
 * The text of a string. Surrogates that a Python string can hold alone stay alone in the result; two that stand
 * together become one character, because UTF-16 cannot tell the two apart. A unit that is no code point becomes
 * U+FFFD.
 *
 * @param header - what {@link unicodeHeader} returned
 * @param data - `header.byteLength` bytes from where the header says; if there are fewer, the text is as much shorter
 */
export function decodeText(header: Pick<TextHeader, "kind">, data: Uint8Array): string {
  const units = Math.floor(data.length / header.kind);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let text = "";
  for (let start = 0; start < units; start += UNITS_AT_A_TIME) {
    const end = Math.min(units, start + UNITS_AT_A_TIME);
    const codePoints: number[] = [];
    for (let index = start; index < end; index++) codePoints.push(unitAt(view, header.kind, index));
    text += String.fromCodePoint(...codePoints);
  }
  return text;
}

/** As many arguments as every engine takes in one call. */
const UNITS_AT_A_TIME = 4096;

function unitAt(view: DataView, kind: 1 | 2 | 4, index: number): number {
  if (kind === 1) return view.getUint8(index);
  if (kind === 2) return view.getUint16(index * 2, true);
  const codePoint = view.getUint32(index * 4, true);
  return codePoint <= 0x10ffff ? codePoint : 0xfffd;
}

function readWord(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
}

/** Where the contents of a `bytes` object are. */
export interface BytesHeader {
  readonly byteLength: number;
  readonly dataOffset: number;
}

/** How many bytes of a `bytes` object {@link bytesHeader} wants at least. */
export function bytesHeaderSize(layout: Layout): number {
  return layout.object.ob_size + layout.object.ob_size_width;
}

/**
 * The header of a `bytes` object, which is `str` in 2.x.
 *
 * @param object - the bytes of the object from its start, at least {@link bytesHeaderSize}
 * @returns undefined if these bytes are not such an object
 */
export function bytesHeader(layout: Layout, object: Uint8Array): BytesHeader | undefined {
  if (object.length < bytesHeaderSize(layout)) return undefined;
  const view = new DataView(object.buffer, object.byteOffset, object.byteLength);
  const { ob_size, ob_size_width } = layout.object;
  const byteLength = ob_size_width === 4 ? view.getUint32(ob_size, true) : readWord(view, ob_size);
  if (byteLength > Number.MAX_SAFE_INTEGER) return undefined;
  return { byteLength, dataOffset: layout.bytes.ob_sval };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes that are most likely text (names and file names of 2.x): UTF-8 if that is what they are, else Latin-1. */
export function decodeByteString(data: Uint8Array): string {
  try {
    return utf8.decode(data);
  } catch {
    return decodeText({ kind: 1 }, data);
  }
}
