import { writeSync } from "node:fs";

/**
 * Writes all of a text, or of bytes, to a descriptor that programs share. `process.stdout` would make a pipe non-blocking for the
 * program that we started, too; and where someone else has done so, a full pipe is waited for as if it were blocking.
 *
 * @returns false if nobody reads any more
 */
export function writeFully(descriptor: number, content: string | Uint8Array): boolean {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") return false;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
  return true;
}

const pause = new Int32Array(new SharedArrayBuffer(4));
