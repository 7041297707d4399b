import {
  ABSENT,
  bytesHeader,
  decodeByteString,
  decodeText,
  type Layout,
  unicodeHeader,
} from "@pyspy/cpython-layouts";
import type { Address, MemoryReader } from "@pyspy/proc-memory";

/** What is shown for a name that could not be read or decoded. */
export const UNREADABLE = "<unreadable>";

/** Enough for the header and the text of nearly every name, so that one read brings both. */
const GUESS = 256;
/** No name is longer; what claims to be is memory that has been reused. */
const MAX_TEXT_BYTES = 1 << 20;
const MAX_TABLE_BYTES = 1 << 26;

/**
 * The text of a Python string object, which in 2.x is one of bytes; undefined if it cannot be read. What is no text is escaped
 * as Python does it, so that two names that differ are shown differently: lone surrogates (names of files that are not UTF-8,
 * most of all) as `\\udce9`, bytes of 2.x as `\\xe9`.
 */
export function readText(memory: MemoryReader, layout: Layout, address: Address): string | undefined {
  if (layout.unicode.length === ABSENT) {
    const bytes = readBytes(memory, layout, address);
    return bytes && textOfBytes(bytes);
  }
  const object = readUpTo(memory, address, GUESS);
  const header = unicodeHeader(layout, object);
  if (header === undefined || header.byteLength > MAX_TEXT_BYTES) return undefined;
  const text =
    header.dataAddress === undefined
      ? readPart(memory, address, object, header.dataOffset, header.byteLength)
      : readUpTo(memory, header.dataAddress, header.byteLength);
  if (text.length < header.byteLength) return undefined;
  return escapeSurrogates(decodeText(header, text));
}

function escapeSurrogates(text: string): string {
  return text.replaceAll(/[\ud800-\udfff]/gu, (unit) => escaped("u", unit, 4));
}

function textOfBytes(bytes: Uint8Array): string {
  const text = decodeByteString(bytes);
  // What is not UTF-8 has been decoded byte by byte.
  const isUtf8 = text.length < bytes.length;
  return isUtf8 ? text : text.replaceAll(/[\x80-\xff]/g, (byte) => escaped("x", byte, 2));
}

function escaped(letter: string, unit: string, digits: number): string {
  return `\\${letter}${unit.charCodeAt(0).toString(16).padStart(digits, "0")}`;
}

/** The contents of a bytes object; undefined if it cannot be read. */
export function readBytes(memory: MemoryReader, layout: Layout, address: Address): Uint8Array | undefined {
  const object = readUpTo(memory, address, GUESS);
  const header = bytesHeader(layout, object);
  if (header === undefined || header.byteLength > MAX_TABLE_BYTES) return undefined;
  const contents = readPart(memory, address, object, header.dataOffset, header.byteLength);
  return contents.length < header.byteLength ? undefined : contents;
}

/** Bytes [offset, offset + length) of an object of which `start` has been read. */
function readPart(
  memory: MemoryReader,
  address: Address,
  start: Uint8Array,
  offset: number,
  length: number,
): Uint8Array {
  if (offset + length <= start.length) return start.slice(offset, offset + length);
  return readUpTo(memory, address + offset, length);
}

/** As many of `length` bytes as can be read. */
export function readUpTo(memory: MemoryReader, address: Address, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, memory.readInto(address, bytes));
}
