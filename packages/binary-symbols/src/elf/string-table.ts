import type { ByteSource } from "../byte-source.js";
import { ParseError } from "../parse-error.js";

const LONGEST_NAME = 2 ** 16;

/**
 * Names out of a string table, each decoded once.
 *
 * Names may overlap (linkers let one end another), so a small hostile table could be made to give more text than
 * fits in memory. Real ones repeat little: reading much more than there is means the table is not real.
 */
export class StringTable {
  readonly #bytes: Buffer;
  readonly #names = new Map<number, string>();
  readonly #part: string;
  #budget: number;

  constructor(bytes: Uint8Array, part: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#part = part;
    this.#budget = 4 * bytes.length + LONGEST_NAME;
  }

  /** The name at an offset, at most 64 KiB of it; "" where the table has none. */
  nameAt(offset: number): string {
    const known = this.#names.get(offset);
    if (known !== undefined) return known;
    if (offset >= this.#bytes.length) return "";
    const limit = Math.min(offset + LONGEST_NAME, this.#bytes.length);
    const terminator = this.#bytes.subarray(offset, limit).indexOf(0);
    const end = terminator < 0 ? limit : offset + terminator;
    this.#budget -= end - offset;
    if (this.#budget < 0)
      throw new ParseError("malformed", "its names overlap endlessly", { part: this.#part });
    const name = this.#bytes.toString("utf8", offset, end);
    this.#names.set(offset, name);
    return name;
  }
}

/** A name as string tables hold it, with its terminator; undefined for what cannot be a name. */
export function encodedName(name: string): Buffer | undefined {
  if (name === "" || name.length >= LONGEST_NAME || name.includes("\0")) return undefined;
  return Buffer.from(`${name}\0`);
}

/** Whether the table has exactly this (encoded) name at the offset; reads no more than the name's length. */
export function hasNameAt(strings: ByteSource, offset: number, encoded: Buffer): boolean {
  return encoded.equals(strings.read(offset, encoded.length));
}
