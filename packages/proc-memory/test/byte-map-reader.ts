import { type Address, type MemoryReader, type ReadFailure, readRangeByRange } from "../src/memory-reader.js";
import type { ScatterRead } from "../src/scatter-read.js";

/** Memory that exists only here: bytes at one address, nothing elsewhere. */
export class ByteMapReader implements MemoryReader {
  failure: ReadFailure | undefined;
  readonly #start: Address;
  readonly #bytes: Uint8Array;
  readonly #reason: ReadFailure;

  constructor(start: Address, bytes: Uint8Array, reason: ReadFailure = "unmapped") {
    this.#start = start;
    this.#bytes = bytes;
    this.#reason = reason;
  }

  readInto(address: Address, target: Uint8Array): number {
    const offset = address - this.#start;
    const found = offset < 0 ? new Uint8Array() : this.#bytes.subarray(offset, offset + target.length);
    target.set(found);
    this.failure = found.length < target.length ? this.#reason : undefined;
    return found.length;
  }

  readScatter(scatter: ScatterRead): number {
    return readRangeByRange(this, scatter);
  }
}
