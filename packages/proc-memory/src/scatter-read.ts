import type { Address } from "./memory-reader.js";

/** u32 words of one range: address low, address high, length, 0. That is an `iovec` of 64-bit little-endian systems. */
const WORDS = 4;
const NEAR_BYTES = 1024;

/**
 * Many ranges of the target's memory to be read at once, and the buffer that they are read into.
 *
 * A plan is made once and used again: `clear`, `add` the ranges, {@link MemoryReader.readScatter}, look at the
 * views. Nothing is allocated unless a plan needs more room than any before it, in which case the views
 * are replaced: take them after the last `add`.
 *
 * Every range starts at a multiple of 8 in the buffer, so that words of a target's structure can be
 * read through {@link u32}.
 *
 * ```ts
 * const plan = new ScatterRead(16, 4096);
 * plan.clear();
 * const thread = plan.add(threadState, 256);
 * const gil = plan.add(gilState, 8);
 * process.memory.readScatter(plan);
 * if (plan.isRead(1)) return plan.addressAt(thread + nextOffset);
 * ```
 */
export class ScatterRead {
  /** The buffer. What a range has not read is left over from before. */
  bytes: Uint8Array<ArrayBuffer>;
  /** {@link bytes} as unsigned words: index is the offset divided by 4. */
  u32: Uint32Array<ArrayBuffer>;
  /** {@link bytes} as signed words. */
  i32: Int32Array<ArrayBuffer>;
  /** {@link bytes} for everything that is not aligned. */
  view: DataView<ArrayBuffer>;
  /** How many ranges have been added since {@link clear}. */
  rangeCount = 0;
  /** Another number whenever the ranges have changed: what a reader has made of them holds as long as it stays. */
  revision = 0;
  /** How many ranges, from the first, the last read brought completely. */
  completeRanges = 0;
  /** For readers: the ranges as u32 (address low, address high, length, 0), which is how an array of `iovec` lies in memory. */
  ranges: Uint32Array<ArrayBuffer>;
  #offsets: Uint32Array<ArrayBuffer>;
  #end = 0;
  #wanted = 0;

  /** Room for `maxRanges` ranges of `maxBytes` bytes together (each rounded up to 8); grows when that is not enough. */
  constructor(maxRanges: number, maxBytes: number) {
    this.ranges = new Uint32Array(maxRanges * WORDS);
    this.#offsets = new Uint32Array(maxRanges);
    const buffer = new ArrayBuffer(align(maxBytes));
    this.bytes = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.view = new DataView(buffer);
  }

  /** Forgets all ranges. */
  clear(): void {
    this.revision += 1;
    this.rangeCount = 0;
    this.completeRanges = 0;
    this.#end = 0;
    this.#wanted = 0;
  }

  /**
   * Adds a range and returns where in the buffer its bytes will be. Any number is taken as an address: one that
   * cannot be a user-space address is one where nothing is mapped.
   */
  add(address: Address, length: number): number {
    const range = this.rangeCount;
    const offset = this.#end;
    const end = align(offset + length);
    if (range === this.#offsets.length) this.#growRanges();
    if (end > this.bytes.length) this.#growBytes(end);
    const possible = address >= 0 && address + length <= Number.MAX_SAFE_INTEGER;
    const word = range * WORDS;
    // Otherwise the last page of the kernel's half, which no read ever reaches.
    this.ranges[word] = possible ? address : 0xffff_f000;
    this.ranges[word + 1] = possible ? address / 2 ** 32 : 0xffff_ffff;
    this.ranges[word + 2] = length;
    this.#offsets[range] = offset;
    this.rangeCount = range + 1;
    this.revision += 1;
    this.#end = end;
    this.#wanted += length;
    return offset;
  }

  /**
   * Adds bytes that may be read with the last range, which then grows to hold them, if they begin after it does and not
   * further than 1 KiB: a range costs as much as copying 2 KiB. Returns where in the buffer they will be.
   */
  addNear(address: Address, length: number): number {
    const last = this.rangeCount - 1;
    if (last < 0) return this.add(address, length);
    const start = this.addressOf(last);
    const distance = address - start;
    if (distance < 0 || distance > NEAR_BYTES) return this.add(address, length);
    const offset = this.offsetOf(last);
    const known = this.lengthOf(last);
    const grown = Math.max(known, distance + length);
    const end = align(offset + grown);
    if (end > this.bytes.length) this.#growBytes(end);
    this.ranges[last * WORDS + 2] = grown;
    this.revision += 1;
    this.#end = end;
    this.#wanted += grown - known;
    return offset + distance;
  }

  /** Where a range is read from. */
  addressOf(range: number): Address {
    return (this.ranges[range * WORDS] ?? 0) + (this.ranges[range * WORDS + 1] ?? 0) * 2 ** 32;
  }

  /** Where in the buffer a range is read to. */
  offsetOf(range: number): number {
    return this.#offsets[range] ?? 0;
  }

  /** How many bytes a range has. */
  lengthOf(range: number): number {
    return this.ranges[range * WORDS + 2] ?? 0;
  }

  /** Whether the last read brought all of a range. */
  isRead(range: number): boolean {
    return range < this.completeRanges;
  }

  /** The 64-bit address at an offset of the buffer. Inexact from 2^53 on, where no address of a user is. */
  addressAt(offset: number): Address {
    return this.view.getUint32(offset, true) + this.view.getUint32(offset + 4, true) * 2 ** 32;
  }

  /** How many bytes all ranges have. */
  get wantedBytes(): number {
    return this.#wanted;
  }

  /** For readers: says how many bytes a read brought in all, counted over the ranges in order. */
  setBytesRead(count: number): void {
    if (count === this.#wanted) {
      this.completeRanges = this.rangeCount;
      return;
    }
    let left = count;
    let range = 0;
    while (range < this.rangeCount) {
      left -= this.lengthOf(range);
      if (left < 0) break;
      range++;
    }
    this.completeRanges = range;
  }

  #growRanges(): void {
    const ranges = new Uint32Array(Math.max(8 * WORDS, this.ranges.length * 2));
    ranges.set(this.ranges);
    this.ranges = ranges;
    const offsets = new Uint32Array(ranges.length / WORDS);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
  }

  #growBytes(needed: number): void {
    const buffer = new ArrayBuffer(align(Math.max(needed, this.bytes.length * 2)));
    const previous = this.bytes;
    this.bytes = new Uint8Array(buffer);
    this.bytes.set(previous);
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.view = new DataView(buffer);
  }
}

function align(size: number): number {
  return Math.ceil(size / 8) * 8;
}
