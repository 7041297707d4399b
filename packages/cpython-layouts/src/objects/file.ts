/** Open files: Modules/_io, and what `open` gives in 2.x. */
import type { Layout } from "../layout.js";
import { viewOf } from "../object-view.js";
import { wordOffset, wordsOf } from "./words.js";

/**
 * `_io.TextIOWrapper` (`textio`, Modules/_io/textio.c): addresses of what it is a text of, and of the name of its encoding,
 * 0 until it has one.
 */
export const decodeTextFile = wordsOf({ buffer: 2, encoding: 3 });

/** `_io.BufferedReader` and the like (`buffered`, Modules/_io/bufferedio.c): the address of the file without a buffer. */
export const decodeBufferedFile = wordsOf({ raw: 0 });

/**
 * `file` of 2.x (`PyFileObject`, Include/fileobject.h): C's `FILE`, 0 when it is closed; addresses of the name and the
 * mode.
 */
export const decodeFile2 = wordsOf({ file: 0, name: 1, mode: 2 });

/** A file without a buffer. */
export interface RawFile {
  /** Negative if it is closed. */
  readonly descriptor: number;
  /** It was made to be new: mode `x`. */
  readonly isCreated: boolean;
  readonly isReadable: boolean;
  readonly isWritable: boolean;
  readonly isAppending: boolean;
  /** The descriptor is closed with it. */
  readonly closesDescriptor: boolean;
}

/**
 * `_io.FileIO` (`fileio`, Modules/_io/fileio.c): an int, then single bits, but for `seekable`, which has two. 2.x does not
 * have the first one, `created`.
 *
 * @returns undefined if the bytes are too few
 */
export function decodeRawFile(layout: Layout, object: Uint8Array): RawFile | undefined {
  const start = wordOffset(layout, 0);
  if (object.length < start + 8) return undefined;
  const view = viewOf(object);
  const byte = view.getUint8(start + 4);
  const bits = layout.library.hasCreatedFiles ? byte : byte << 1;
  return {
    descriptor: view.getInt32(start, true),
    isCreated: (bits & 1) !== 0,
    isReadable: (bits & 2) !== 0,
    isWritable: (bits & 4) !== 0,
    isAppending: (bits & 8) !== 0,
    closesDescriptor: (bits & 64) !== 0,
  };
}
