/** Memory that grows while objects are put into it, at addresses that are known from the start. */
export class MemoryImage {
  /** Address of the first byte: far from where a loader puts anything. */
  readonly base = 0x2000_0000_0000;
  #bytes = new Uint8Array(1 << 16);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;

  /** What was put so far. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#used);
  }

  /** The address of `size` new bytes of zeros. */
  allocate(size: number, alignment = 16): number {
    const start = Math.ceil(this.#used / alignment) * alignment;
    this.#used = start + size;
    if (this.#used > this.#bytes.length) {
      const larger = new Uint8Array(2 ** Math.ceil(Math.log2(this.#used)));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return this.base + start;
  }

  putUint8(address: number, value: number): void {
    this.#view.setUint8(address - this.base, value);
  }

  putUint32(address: number, value: number): void {
    this.#view.setUint32(address - this.base, value, true);
  }

  putUint64(address: number, value: number): void {
    this.#view.setBigUint64(address - this.base, BigInt(value), true);
  }

  putBytes(address: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, address - this.base);
  }
}
