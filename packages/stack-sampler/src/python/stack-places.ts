import type { Address, ScatterRead } from "@pyspy/proc-memory";
import type { Chunk } from "./data-stack.js";

/** For how many samples a frame that was not met again is still read ahead: long enough for calls that alternate. */
const MEMORY_OF_FRAMES = 8;
/**
 * Frames on the heap that are this close, in bytes, are read as one range, which costs as much as copying 2 KiB: the quicker
 * a copy is, the fewer stacks change during it. What lies between is in a page of either of them, so it can be read.
 */
const NEAR = 512;

/** A stretch of the data stack: a `_PyStackChunk` up to what is used of it. */
export interface ChunkPlace {
  readonly address: Address;
  readonly end: Address;
  /** What is read three times starts here; what is below is read once. */
  innerFrom: Address;
  /** Where in the buffer [innerFrom, end) and [address, innerFrom) are. */
  innerOffset: number;
  outerOffset: number;
}

/** A frame, or a `_PyCFrame`, that is in no chunk. */
export interface StrayPlace {
  readonly address: Address;
  length: number;
  isInner: boolean;
  lastMet: number;
  offset: number;
}

/**
 * Where a thread's stack was when it was last read, which is where it is read the next time: the thread state, chunks of
 * the data stack (3.11+) and what is elsewhere, on the heap, in generators and on the C stack.
 *
 * The inner part of the stack is read three times and the outer part once, after the first: an outer frame cannot change
 * unless all that are inside it return. So the copies of the inner frames vouch for the outer ones, and a deep stack
 * costs one copy instead of three.
 */
export class StackPlaces {
  /** Newest first. */
  readonly chunks: ChunkPlace[] = [];
  readonly strays = new Map<Address, StrayPlace>();
  /** Another number whenever something else is to be read. */
  revision = 0;
  /** Ranges of the last {@link plan}. */
  firstRange = 0;
  endRange = 0;
  /** Where in the buffer the first copy of the thread state is. */
  threadState = 0;
  /** From the first copy of what is read again to the second, and to the third. */
  toSecond = 0;
  toThird = 0;
  /** Whether the last {@link find} found something of the inner part. */
  isInner = false;
  #sample = 0;
  #lastChunk = 0;
  /** By their addresses. */
  readonly #outer: StrayPlace[] = [];
  readonly #inner: StrayPlace[] = [];
  #nextChunks: readonly Chunk[] | undefined;

  /** Adds everything that a walk may need. */
  plan(plan: ScatterRead, threadState: Address, length: number): void {
    this.#takeChunks();
    this.#sortStrays();
    this.firstRange = plan.rangeCount;
    this.threadState = plan.add(threadState, length);
    this.#planInner(plan, true);
    this.#planOuter(plan);
    this.toSecond = plan.add(threadState, length) - this.threadState;
    this.#planInner(plan, false);
    this.toThird = plan.add(threadState, length) - this.threadState;
    this.#planInner(plan, false);
    this.endRange = plan.rangeCount;
  }

  /** Where in the buffer the first copy of [address, address + length) is; -1 if it was not read ahead. */
  find(address: Address, length: number): number {
    const { chunks } = this;
    let index = this.#lastChunk;
    for (let tries = chunks.length; tries > 0; tries--) {
      if (index >= chunks.length) index = 0;
      const chunk = chunks[index] as ChunkPlace;
      if (address >= chunk.address && address + length <= chunk.end) {
        this.#lastChunk = index;
        this.isInner = address >= chunk.innerFrom;
        return this.isInner
          ? chunk.innerOffset + (address - chunk.innerFrom)
          : chunk.outerOffset + (address - chunk.address);
      }
      index += 1;
    }
    const stray = this.strays.get(address);
    // What was met there before may have been shorter: a `_PyCFrame`.
    if (stray === undefined || length > stray.length) return -1;
    this.isInner = stray.isInner;
    stray.lastMet = this.#sample;
    return stray.offset;
  }

  /** Says that something of `length` bytes was met at `address` that is not read ahead yet. */
  meet(address: Address, length: number): void {
    for (const chunk of this.#nextChunks ?? this.chunks) {
      if (address >= chunk.address && address + length <= chunk.end) return;
    }
    const known = this.strays.get(address);
    if (known === undefined) {
      this.strays.set(address, { address, length, isInner: true, lastMet: this.#sample, offset: -1 });
    } else if (known.length < length) {
      known.length = length;
      known.isInner = true;
    } else return;
    this.revision += 1;
  }

  /** Has these chunks of the data stack read from the next {@link plan} on. */
  setChunks(chunks: readonly Chunk[]): void {
    this.#nextChunks = chunks;
    this.revision += 1;
  }

  /**
   * Has the first `inner` of the frames at `addresses` (innermost first) be the inner part from now on and the others the
   * outer one. What has not been met lately is inner.
   */
  divide(addresses: Float64Array, count: number, inner: number): void {
    for (const chunk of this.chunks) chunk.innerFrom = chunk.end;
    for (const stray of this.strays.values()) stray.isInner = true;
    for (let index = 0; index < count; index++) {
      const address = addresses[index] as Address;
      const stray = this.strays.get(address);
      if (stray !== undefined) stray.isInner = index < inner;
      else if (index < inner) {
        const chunk = this.chunks.find((place) => address >= place.address && address < place.end);
        if (chunk !== undefined && address < chunk.innerFrom) chunk.innerFrom = address;
      }
    }
    // Newer chunks than the one where the parts meet are inner, whole.
    const meeting = this.chunks.findLastIndex(({ innerFrom, end }) => innerFrom < end);
    for (let index = 0; index < meeting; index++) {
      const chunk = this.chunks[index];
      if (chunk !== undefined) chunk.innerFrom = chunk.address;
    }
    const newest = this.chunks[0];
    if (meeting < 0 && newest !== undefined) newest.innerFrom = newest.address;
    this.revision += 1;
  }

  /** Has everything be inner. */
  unite(): void {
    for (const chunk of this.chunks) chunk.innerFrom = chunk.address;
    for (const stray of this.strays.values()) stray.isInner = true;
    this.revision += 1;
  }

  /** Something was not where it was expected: nothing is expected any more. */
  forget(): void {
    this.chunks.length = 0;
    this.#nextChunks = undefined;
    this.strays.clear();
    this.revision += 1;
  }

  /** Ends a sample: what has not been met for long is not read ahead any more. Outer frames are not looked for each time. */
  endSample(): void {
    this.#sample += 1;
    if (this.strays.size === 0 || this.#sample % MEMORY_OF_FRAMES !== 0) return;
    for (const [address, { isInner, lastMet }] of this.strays) {
      if (!isInner || this.#sample - lastMet <= MEMORY_OF_FRAMES) continue;
      this.strays.delete(address);
      this.revision += 1;
    }
  }

  #takeChunks(): void {
    if (this.#nextChunks === undefined) return;
    const chunks = this.#nextChunks.map(({ address, end }): ChunkPlace => {
      const known = this.chunks.find((chunk) => chunk.address === address);
      const isOuter = known !== undefined && known.innerFrom === known.end;
      const innerFrom = isOuter ? end : Math.min(known?.innerFrom ?? address, end);
      return { address, end, innerFrom, innerOffset: -1, outerOffset: -1 };
    });
    this.chunks.length = 0;
    this.chunks.push(...chunks);
    this.#nextChunks = undefined;
  }

  /** The copies are laid out alike, so that one distance leads from any byte of the first to its second. */
  #planInner(plan: ScatterRead, isFirst: boolean): void {
    for (const chunk of this.chunks) {
      if (chunk.innerFrom === chunk.end) continue;
      const offset = plan.add(chunk.innerFrom, chunk.end - chunk.innerFrom);
      if (isFirst) chunk.innerOffset = offset;
    }
    this.#planStrays(plan, this.#inner, isFirst);
  }

  #planOuter(plan: ScatterRead): void {
    for (const chunk of this.chunks) {
      const length = chunk.innerFrom - chunk.address;
      if (length > 0) chunk.outerOffset = plan.add(chunk.address, length);
    }
    this.#planStrays(plan, this.#outer, true);
  }

  #sortStrays(): void {
    this.#outer.length = 0;
    this.#inner.length = 0;
    for (const stray of this.strays.values()) (stray.isInner ? this.#inner : this.#outer).push(stray);
    this.#outer.sort(byAddress);
    this.#inner.sort(byAddress);
  }

  #planStrays(plan: ScatterRead, strays: readonly StrayPlace[], isFirst: boolean): void {
    for (let first = 0; first < strays.length; ) {
      const start = (strays[first] as StrayPlace).address;
      let end = start;
      let next = first;
      for (
        let stray = strays[next];
        stray !== undefined && stray.address <= end + NEAR;
        stray = strays[++next]
      )
        end = Math.max(end, stray.address + stray.length);
      const offset = plan.add(start, end - start);
      for (; first < next; first++) {
        const stray = strays[first] as StrayPlace;
        if (isFirst) stray.offset = offset + (stray.address - start);
      }
    }
  }
}

function byAddress(one: StrayPlace, other: StrayPlace): number {
  return one.address - other.address;
}
