/** Open files: Modules/_io, and what `open` gives in 2.x. */
import { ABSENT, type Layout } from "../layout.js";
import { viewOf } from "../object-view.js";
import { wordsOf } from "./words.js";

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

/** `_io.FileIO` (`fileio`, Modules/_io/fileio.c); undefined if the bytes are too few. */
export function decodeRawFile(layout: Layout, object: Uint8Array): RawFile | undefined {
  const { fd, created, readable, closefd } = layout.rawFile;
  if (object.length < fd + 8) return undefined;
  const view = viewOf(object);
  const isSet = (bit: number): boolean => ((view.getUint8(fd + 4) >> bit) & 1) === 1;
  return {
    descriptor: view.getInt32(fd, true),
    isCreated: created !== ABSENT && isSet(created),
    isReadable: isSet(readable),
    isWritable: isSet(readable + 1),
    isAppending: isSet(readable + 2),
    closesDescriptor: isSet(closefd),
  };
}
