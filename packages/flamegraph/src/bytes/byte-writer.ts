/** Bytes that grow at their end: what binary formats are written with. Everything is little-endian. */
export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written, without copying it: valid until more is written. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets what was written and keeps the memory. */
  clear(): void {
    this.#length = 0;
  }

  u8(value: number): void {
    this.#makeRoom(1);
    this.#bytes[this.#length++] = value;
  }

  i32(value: number): void {
    this.#makeRoom(4);
    this.#view.setInt32(this.#length, value, true);
    this.#length += 4;
  }

  u64(value: bigint): void {
    this.#makeRoom(8);
    this.#view.setBigUint64(this.#length, value, true);
    this.#length += 8;
  }

  f64(value: number): void {
    this.#makeRoom(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** A whole number from 0 to 2^53 - 1, seven bits a byte, the lowest first (LEB128). */
  varint(value: number): void {
    this.#makeRoom(8);
    let rest = value;
    while (rest >= 0x80) {
      // `%` and a division, because bit operations end at 32 bits.
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  bytes(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #makeRoom(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + size));
    grown.set(this.view());
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
