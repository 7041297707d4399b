import type { Address, MemoryReader } from "@pyspy/proc-memory";

/** Reads pointers of a target's own size: 8 bytes, or 4 in a 32-bit process. */
export class TargetWords {
  readonly size: 4 | 8;
  readonly #memory: MemoryReader;
  readonly #word: DataView<ArrayBuffer>;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(memory: MemoryReader, size: 4 | 8) {
    this.size = size;
    this.#memory = memory;
    this.#bytes = new Uint8Array(size);
    this.#word = new DataView(this.#bytes.buffer);
  }

  /** The pointer at an offset of what has been read. */
  at(view: DataView, offset: number): Address {
    const low = view.getUint32(offset, true);
    return this.size === 8 ? low + view.getUint32(offset + 4, true) * 2 ** 32 : low;
  }

  /** The pointer that is at an address of the target; undefined if that cannot be read. */
  read(address: Address): Address | undefined {
    return this.#memory.readInto(address, this.#bytes) === this.size ? this.at(this.#word, 0) : undefined;
  }

  /** Whether the pointers at two offsets of what has been read are the same. */
  same(view: DataView, first: number, second: number): boolean {
    if (view.getUint32(first, true) !== view.getUint32(second, true)) return false;
    return this.size === 4 || view.getUint32(first + 4, true) === view.getUint32(second + 4, true);
  }
}
