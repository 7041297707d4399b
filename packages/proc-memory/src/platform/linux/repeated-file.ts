import { closeSync, openSync, readSync } from "node:fs";
import { constants } from "node:os";
import type { DescriptorAllowance } from "./descriptor-allowance.js";
import { type Libc, libc } from "./libc.js";
import { isGone } from "./system-error.js";

/** More than any of these files has up to where it is of interest. */
const LINE_BYTES = 512;

/** What a read has brought, until the next one: looking at a thread allocates nothing. */
export const line: Buffer = Buffer.alloc(LINE_BYTES);

/** What a read returns when the thread is gone. */
export const GONE = -1;
/** The file may not be read, or there are too many open files. */
const REFUSED = -2;

/**
 * A small file of /proc that is read again and again. It is kept open, which makes a read one `pread`, as far as the
 * allowance goes; else it is opened anew each time: 9 µs instead of 2.
 */
export class RepeatedFile {
  readonly #path: string;
  readonly #allowance: DescriptorAllowance;
  #file: number | undefined;

  constructor(path: string, allowance: DescriptorAllowance) {
    this.#path = path;
    this.#allowance = allowance;
  }

  /**
   * Reads the file's beginning into {@link line} and returns how many bytes that are; negative if none, {@link GONE} if
   * there is no such file any more.
   */
  read(): number {
    if (this.#file !== undefined) return this.#readFrom(this.#file);
    let file: number;
    try {
      file = openSync(this.#path, "r");
    } catch (error) {
      return isGone(error) ? GONE : REFUSED;
    }
    const isKept = this.#allowance.take();
    if (isKept) this.#file = file;
    try {
      return this.#readFrom(file);
    } finally {
      if (!isKept) closeSync(file);
    }
  }

  close(): void {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
    this.#allowance.giveBack();
  }

  #readFrom(file: number): number {
    const system = systemCalls();
    // A sixth to a fifth faster than `fs.readSync`: 2.1 instead of 2.5 µs for schedstat, 3.1 instead of 3.7 for stat.
    if (system !== undefined) {
      const count = system.pread(file, line, LINE_BYTES, 0);
      if (count > 0) return count;
      return count < 0 && system.errno() !== constants.errno.ESRCH ? REFUSED : GONE;
    }
    try {
      return readSync(file, line, 0, LINE_BYTES, 0) || GONE;
    } catch (error) {
      return isGone(error) ? GONE : REFUSED;
    }
  }
}

let calls: Libc | undefined | null = null;

/** Undefined where koffi is not to be had. */
function systemCalls(): Libc | undefined {
  if (calls !== null) return calls;
  try {
    calls = libc();
  } catch {
    calls = undefined;
  }
  return calls;
}
