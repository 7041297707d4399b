import { ByteWriter } from "./byte-writer.js";

/**
 * Writes Protocol Buffers (https://protobuf.dev/programming-guides/encoding), without a schema: callers name fields by
 * their numbers. Values that are zero or empty are left out, as proto3 has it.
 */
export class ProtobufWriter {
  readonly #writer = new ByteWriter();
  #inner: ProtobufWriter | undefined;

  view(): Uint8Array {
    return this.#writer.view();
  }

  /** A whole number from 0 to 2^53 - 1: (u)int32, (u)int64, bool. */
  integer(field: number, value: number): void {
    if (value === 0) return;
    this.#writer.varint(field * 8 + WIRE_VARINT);
    this.#writer.varint(value);
  }

  fixed64(field: number, value: bigint): void {
    this.#writer.varint(field * 8 + WIRE_FIXED64);
    this.#writer.u64(value);
  }

  text(field: number, value: string): void {
    if (value !== "") this.bytes(field, utf8.encode(value));
  }

  bytes(field: number, value: Uint8Array): void {
    this.#writer.varint(field * 8 + WIRE_LENGTH);
    this.#writer.varint(value.length);
    this.#writer.bytes(value);
  }

  /** A repeated number. */
  packed(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    const inner = this.#innerWriter();
    for (const value of values) inner.#writer.varint(value);
    this.bytes(field, inner.view());
  }

  /** A message, also an empty one. */
  message(field: number, write: (inner: ProtobufWriter) => void): void {
    const inner = this.#innerWriter();
    write(inner);
    this.bytes(field, inner.view());
  }

  #innerWriter(): ProtobufWriter {
    this.#inner ??= new ProtobufWriter();
    this.#inner.#writer.clear();
    return this.#inner;
  }
}

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_LENGTH = 2;

const utf8 = new TextEncoder();
