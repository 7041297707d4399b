import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import type { ByteSource } from "./recording-reader.js";

/**
 * A file that chunks are appended to. Each goes to the operating system at once, so that a death of this process,
 * even by SIGKILL, loses nothing that was appended. It is not forced to the disk until the file is closed: a
 * computer that loses power may lose its last half minute, which is the kernel's habit.
 */
export class RecordingFile {
  readonly #descriptor: number;
  #length = 0;

  /**
   * Creates the file or empties it. What `node:fs` throws comes through.
   *
   * @param mode Permissions of the file, which must not exist then. Default: as of any file.
   */
  constructor(path: string, mode?: number) {
    this.#descriptor = openSync(path, mode === undefined ? "w+" : "wx+", mode);
  }

  /** Reads what has been appended up to now, also after the file has been unlinked; not after it has been closed. */
  source(): ByteSource {
    return new RecordingFileSource(this.#descriptor);
  }

  /** Appends all of `bytes` or, if that fails (a full disk), nothing. */
  append(bytes: Uint8Array): void {
    try {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(
          this.#descriptor,
          bytes,
          written,
          bytes.length - written,
          this.#length + written,
        );
      }
    } catch (error) {
      ftruncateSync(this.#descriptor, this.#length);
      throw error;
    }
    this.#length += bytes.length;
  }

  close(): void {
    try {
      fsyncSync(this.#descriptor);
    } finally {
      closeSync(this.#descriptor);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A file to read a recording from, chunk by chunk. It is read up to the size that it had when it was opened. */
export class RecordingFileSource implements ByteSource {
  readonly #descriptor: number;
  readonly #isOwn: boolean;
  readonly size: number;
  /** The part of the file that was read last: headers of chunks are small and lie close together. */
  #buffer = new Uint8Array(65_536);
  #start = 0;
  #end = 0;

  /** A path, or an open file that stays open. What `node:fs` throws comes through. */
  constructor(file: string | number) {
    this.#isOwn = typeof file === "string";
    this.#descriptor = typeof file === "string" ? openSync(file, "r") : file;
    this.size = fstatSync(this.#descriptor).size;
  }

  read(position: number, length: number): Uint8Array {
    const wanted = Math.max(0, Math.min(length, this.size - position));
    if (position < this.#start || position + wanted > this.#end) this.#fill(position, wanted);
    return this.#buffer.subarray(position - this.#start, position - this.#start + wanted);
  }

  close(): void {
    if (this.#isOwn) closeSync(this.#descriptor);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #fill(position: number, wanted: number): void {
    if (wanted > this.#buffer.length) this.#buffer = new Uint8Array(wanted);
    this.#start = position;
    this.#end = position;
    while (this.#end < position + wanted) {
      const filled = this.#end - position;
      const got = readSync(this.#descriptor, this.#buffer, filled, this.#buffer.length - filled, this.#end);
      if (got === 0) break;
      this.#end += got;
    }
  }
}
