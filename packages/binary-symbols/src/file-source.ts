import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { ByteSource } from "./byte-source.js";

/** A file that is read piece by piece; close it when the image is no longer needed. */
export interface FileSource extends ByteSource, Disposable {
  close(): void;
}

/**
 * Opens a file for reading at any position (`pread`), whatever name leads to it: `/proc/PID/exe` serves too.
 * Throws Node's error if it cannot be opened.
 *
 * ```ts
 * using file = openFileSource("/usr/bin/python3");
 * console.log(openImage(file).architecture);
 * ```
 */
export function openFileSource(path: string): FileSource {
  // Without O_NONBLOCK, opening a FIFO would wait for its writer.
  return fileSourceOf(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
}

/** A source over a file that is open, as long as it is now; closing it closes the descriptor. */
export function fileSourceOf(descriptor: number): FileSource {
  const { size } = fstatSync(descriptor);
  let open = true;
  const close = () => {
    if (open) closeSync(descriptor);
    open = false;
  };
  return {
    size,
    read: (offset, length, room) =>
      open ? readUpTo(descriptor, size, offset, length, room) : new Uint8Array(0),
    close,
    [Symbol.dispose]: close,
  };
}

function readUpTo(
  descriptor: number,
  size: number,
  offset: number,
  length: number,
  room?: Uint8Array,
): Uint8Array {
  const wanted = Math.max(0, Math.min(length, size - offset));
  const bytes = room?.subarray(0, wanted) ?? new Uint8Array(wanted);
  let filled = 0;
  while (filled < bytes.length) {
    const count = readSomeAt(descriptor, bytes, filled, offset + filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

function readSomeAt(descriptor: number, bytes: Uint8Array, filled: number, position: number): number {
  try {
    return readSync(descriptor, bytes, filled, bytes.length - filled, position);
  } catch {
    return 0;
  }
}
