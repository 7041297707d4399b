/**
 * Reading memory that is not ours.
 *
 * The target runs while we look: pages vanish, processes exit. So a read that comes back short is
 * normal and is told as a number, never hidden and never an exception; {@link readExactly} is for
 * callers that cannot go on without the bytes.
 */

import { MemoryError } from "./memory-error.js";
import type { Pid } from "./process-view.js";
import type { ScatterRead } from "./scatter-read.js";

/** An address in the target's virtual memory. User-space addresses fit in 2^53 on every supported platform. */
export type Address = number;

/** Why the last read came back short. */
export type ReadFailure = "unmapped" | "exited" | "denied";

/** What reading has cost so far. */
export interface ReadCosts {
  /** Reads that the operating system was asked for. */
  calls: number;
  /** Bytes that they brought. */
  bytes: number;
}

/** Memory of one process, live or in a core file. */
export interface MemoryReader {
  /**
   * Reads `target.length` bytes at `address` into `target`.
   * Returns how many bytes were read, counted from the start; fewer than asked (0 included) means
   * that {@link failure} says why.
   */
  readInto(address: Address, target: Uint8Array): number;

  /**
   * Reads every range of `scatter` into its buffer, in order, with as few system calls as the platform
   * allows (one `process_vm_readv` on Linux). Returns how many bytes were read in all; reading stops at
   * the first byte that is not readable, and what came before it is valid.
   */
  readScatter(scatter: ScatterRead): number;

  /** Why the last read came back short; undefined after a complete one. */
  readonly failure: ReadFailure | undefined;

  /** What was read of a live process; changed in place. */
  readonly costs?: Readonly<ReadCosts>;

  /** The process whose memory it is, where that is known; errors name it. */
  readonly pid?: Pid;
}

/** Bytes [address, address + length). Throws {@link MemoryError} unless all of them can be read. */
export function readExactly(reader: MemoryReader, address: Address, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  if (reader.readInto(address, bytes) < length) throw readError(reader, address, length);
  return bytes;
}

const WORD_BYTES = new Uint8Array(8);
const WORD = new DataView(WORD_BYTES.buffer);
const HALF_WORD_BYTES = WORD_BYTES.subarray(0, 4);

/** The 64-bit address at `address`. Throws {@link MemoryError}. */
export function readPointer(reader: MemoryReader, address: Address): Address {
  if (reader.readInto(address, WORD_BYTES) < 8) throw readError(reader, address, 8);
  return WORD.getUint32(0, true) + WORD.getUint32(4, true) * 2 ** 32;
}

/** The unsigned 32-bit number at `address`. Throws {@link MemoryError}. */
export function readUint32(reader: MemoryReader, address: Address): number {
  if (reader.readInto(address, HALF_WORD_BYTES) < 4) throw readError(reader, address, 4);
  return WORD.getUint32(0, true);
}

/** The signed 32-bit number at `address`. Throws {@link MemoryError}. */
export function readInt32(reader: MemoryReader, address: Address): number {
  return readUint32(reader, address) | 0;
}

/**
 * The text before the first NUL at `address`, at most `maxLength` bytes of it, as UTF-8 (what is not becomes
 * U+FFFD). It may end right before unmapped memory. Throws {@link MemoryError} if neither a NUL nor `maxLength`
 * bytes can be reached.
 */
export function readCString(reader: MemoryReader, address: Address, maxLength: number): string {
  const bytes = new Uint8Array(maxLength);
  const count = reader.readInto(address, bytes);
  const end = bytes.subarray(0, count).indexOf(0);
  if (end < 0 && count < maxLength) throw readError(reader, address, maxLength);
  return new TextDecoder().decode(bytes.subarray(0, end < 0 ? count : end));
}

/**
 * {@link MemoryReader.readScatter} for readers that have nothing better: one {@link MemoryReader.readInto} a range.
 */
export function readRangeByRange(reader: MemoryReader, scatter: ScatterRead): number {
  let total = 0;
  for (let range = 0; range < scatter.rangeCount; range++) {
    const offset = scatter.offsetOf(range);
    const length = scatter.lengthOf(range);
    const count = reader.readInto(scatter.addressOf(range), scatter.bytes.subarray(offset, offset + length));
    total += count;
    if (count < length) break;
  }
  scatter.setBytesRead(total);
  return total;
}

function readError(reader: MemoryReader, address: Address, length: number): MemoryError {
  return new MemoryError(reader.failure ?? "unmapped", { address, length, pid: reader.pid });
}
