import { ProfileError } from "../profile-error.js";

/**
 * Reads binary formats from bytes that nobody vouches for: whatever they are, a read gives a value or throws a
 * {@link ProfileError} that names the format and the byte.
 */
export class ByteReader {
  readonly #format: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  position: number;
  readonly end: number;
  /** Whether a read wanted more than there was. */
  ranOut = false;

  constructor(format: string, bytes: Uint8Array, start = 0, end = bytes.length, littleEndian = true) {
    this.#format = format;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#littleEndian = littleEndian;
    this.position = start;
    this.end = Math.min(end, bytes.length);
  }

  get atEnd(): boolean {
    return this.position >= this.end;
  }

  fail(reason: string, at = this.position): never {
    const facts = { part: this.#format, index: at };
    throw new ProfileError("invalid-file", `${reason} at byte ${at}`, facts);
  }

  u8(): number {
    return this.#bytes[this.#advance(1)] ?? 0;
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), this.#littleEndian);
  }

  /** As a number, so rounded above 2^53. */
  u64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), this.#littleEndian));
  }

  /** Seven bits a byte, the lowest first, ten bytes at most (LEB128); rounded above 2^53. */
  varint(): number {
    let value = 0;
    let unit = 1;
    for (let length = 0; length < 10; length++) {
      const byte = this.u8();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
    }
    return this.fail("a number does not end");
  }

  /** A varint whose lowest bit is the sign: 0, -1, 1, -2, … */
  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  bytes(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** UTF-8; what is not valid in it becomes U+FFFD. */
  text(length: number): string {
    return utf8.decode(this.bytes(length));
  }

  /** UTF-8 up to a zero byte, which is passed. */
  zeroEndedText(): string {
    const end = this.#bytes.indexOf(0, this.position);
    if (end === -1 || end >= this.end) this.#runOut();
    const text = this.text(end - this.position);
    this.position = end + 1;
    return text;
  }

  /** A reader of the next `length` bytes alone, which are passed. */
  part(length: number): ByteReader {
    const start = this.#advance(length);
    return new ByteReader(this.#format, this.#bytes, start, start + length, this.#littleEndian);
  }

  #runOut(): never {
    this.ranOut = true;
    return this.fail("it ends too early");
  }

  #advance(length: number): number {
    const start = this.position;
    if (!(length <= this.end - start)) this.#runOut();
    this.position = start + length;
    return start;
  }
}

const utf8 = new TextDecoder();
