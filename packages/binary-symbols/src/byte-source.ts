import { ParseError } from "./parse-error.js";

/** Bytes that can be read at any position: a file, a buffer, or the memory where a file is mapped. */
export interface ByteSource {
  /** Length in bytes; Number.MAX_SAFE_INTEGER where it is not known. */
  readonly size: number;
  /**
   * Bytes [offset, offset + length), fewer where the source ends or cannot be read. Valid until changed by the caller. They
   * may be put into `room`, which is at least as long, by a source that would need memory for them.
   */
  read(offset: number, length: number, room?: Uint8Array): Uint8Array;
}

/**
 * A source over bytes that are already here; what it reads are views, not copies.
 *
 * ```ts
 * const image = openImage(bufferByteSource(readFileSync("/usr/bin/python3")));
 * ```
 */
export function bufferByteSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
  };
}

const LARGEST_READ = 2 ** 30;
const LARGEST_READ_OF_UNKNOWN_SIZE = 2 ** 26;

/**
 * The part [offset, offset + size) of a source as a source of its own; reads end where the part ends.
 * Throws {@link ParseError} `truncated` if it lies outside the source, so that no size taken from a file is
 * believed before it was compared with what is there.
 */
export function partOf(source: ByteSource, offset: number, size: number, part: string): ByteSource {
  if (offset + size > source.size) {
    throw new ParseError(
      "truncated",
      `it takes ${size} bytes at ${offset} of a source of ${source.size} bytes`,
      { part, offset, length: size },
    );
  }
  return {
    size,
    read: (from, length, room) =>
      from >= size ? new Uint8Array(0) : source.read(offset + from, Math.min(length, size - from), room),
  };
}

/** All of [offset, offset + length). Throws {@link ParseError} `truncated` if it is not all there. */
export function readExactly(source: ByteSource, offset: number, length: number, part: string): DataView {
  const facts = { part, offset, length };
  if (offset + length > source.size) {
    throw new ParseError(
      "truncated",
      `it takes ${length} bytes at ${offset} of a source of ${source.size} bytes`,
      facts,
    );
  }
  const largest = source.size === Number.MAX_SAFE_INTEGER ? LARGEST_READ_OF_UNKNOWN_SIZE : LARGEST_READ;
  if (length > largest) throw new ParseError("unsupported", `it is ${length} bytes long`, facts);
  const bytes = source.read(offset, length);
  if (bytes.length < length) {
    throw new ParseError(
      "truncated",
      `only ${bytes.length} of ${length} bytes at ${offset} are there`,
      facts,
    );
  }
  return new DataView(bytes.buffer, bytes.byteOffset, length);
}
