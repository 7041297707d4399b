import type { Address, ScatterRead } from "@pyspy/proc-memory";
import type { Chunk } from "./data-stack.js";

/** For how many samples a frame that was not met again is still read ahead: long enough for calls that alternate. */
const MEMORY_OF_FRAMES = 8;
/**
 * Frames on the heap that are this close, in bytes, are read as one range, which costs as much as copying 2 KiB: the quicker
 * a copy is, the fewer stacks change during it. What lies between is in a page of either of them, so it can be read.
 */
const NEAR = 512;

/**
 * The copies of a program of short calls often differ. Then many are read, each of which takes a tenth of the time of
 * another system call, until it has been calm for so many samples. Of so many, two are alike by chance now and then, where a
 * program does the same again and again, so three have to be. (Not of a stack that is divided: what is read once has
 * to be between the two copies that vouch for it, unless it is what it always was.)
 */
const MOST_COPIES = 8;
const CALM_SAMPLES = 65_536;
/** For how many samples the data stack is read to a depth that is not reached any more. */
const MEMORY_OF_TOPS = 512;

/** What is read of a thread state, in bytes from its start. */
export interface ThreadStateParts {
  readonly start: number;
  readonly end: number;
  /** What leads to the innermost frame. It is read again with the inner frames. */
  readonly innermost: number;
  readonly pointerSize: number;
}

/** A stretch of the data stack: a `_PyStackChunk` up to what is used of it. */
export interface ChunkPlace {
  readonly address: Address;
  readonly end: Address;
  /** What is read twice starts here; what is below is read once. */
  twiceFrom: Address;
  /** Where in the buffer [twiceFrom, end) and [address, twiceFrom) are. */
  twiceOffset: number;
  onceOffset: number;
}

/** A frame, or a `_PyCFrame`, that is in no chunk. */
export interface StrayPlace {
  readonly address: Address;
  length: number;
  isTwice: boolean;
  lastMet: number;
  offset: number;
}

/**
 * Where a thread's stack was when it was last read, which is where it is read the next time: the thread state, chunks of
 * the data stack (3.11+) and what is elsewhere, on the heap, in generators and on the C stack.
 *
 * The inner part of the stack is read twice and the outer part once, between the two: an outer frame cannot change
 * unless all that are inside it return. So the copies of the inner frames vouch for the outer ones, and a deep stack
 * costs one copy instead of two.
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
  /** Where in the buffer the thread state would begin, of which only a part is there. */
  threadState = 0;
  /**
   * Copies, in the order in which they are read: where the pointer to the innermost frame is in each, and how far it is from the
   * first copy of anything else to this one.
   */
  readonly innermost: number[] = [];
  readonly toCopy: number[] = [];
  /** Whether the outer frames in chunks are read once. */
  isDivided = false;
  /** Whether the last {@link find} found something that is read twice. */
  isTwice = false;
  #sample = 0;
  #lastChunk = 0;
  /** By their addresses. */
  readonly #once: StrayPlace[] = [];
  readonly #twice: StrayPlace[] = [];
  #nextChunks: readonly Chunk[] | undefined;
  /** The most that was used of the newest chunk of late. */
  #highestTop = 0;
  #copies = 2;
  /** Samples since copies did not agree. */
  #calm = 0;

  /** Adds everything that a walk may need. */
  plan(
    plan: ScatterRead,
    threadState: Address,
    { start, end, innermost, pointerSize }: ThreadStateParts,
  ): void {
    this.#takeChunks();
    this.#sortStrays();
    this.firstRange = plan.rangeCount;
    this.threadState = plan.add(threadState + start, end - start) - start;
    this.innermost.length = 0;
    this.toCopy.length = 0;
    this.innermost.push(this.threadState + innermost);
    const first = this.#planTwice(plan, true);
    this.toCopy.push(0);
    this.#planOnce(plan);
    const copies = this.isDivided ? 2 : this.#copies;
    while (this.toCopy.length < copies) {
      // Copies at even distances would all meet a loop that takes as long as that at the same moment of it, and be alike.
      if (this.toCopy.length % 2 === 0) plan.add(threadState + innermost, pointerSize);
      this.innermost.push(plan.add(threadState + innermost, pointerSize));
      this.toCopy.push(this.#planTwice(plan, false) - first);
    }
    this.endRange = plan.rangeCount;
  }

  /** Whether copies have agreed of late, so that two are enough. */
  get isCalm(): boolean {
    return this.#copies === 2;
  }

  /** Says that the two copies that were looked at first did not agree. */
  tear(): void {
    this.#calm = 0;
    if (this.#copies === MOST_COPIES) return;
    this.#copies = MOST_COPIES;
    this.revision += 1;
  }

  /** Says how much of the newest chunk is used now. */
  use(top: Address): void {
    if (top > this.#highestTop) this.#highestTop = top;
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
        this.isTwice = address >= chunk.twiceFrom;
        return this.isTwice
          ? chunk.twiceOffset + (address - chunk.twiceFrom)
          : chunk.onceOffset + (address - chunk.address);
      }
      index += 1;
    }
    const stray = this.strays.get(address);
    // What was met there before may have been shorter: a `_PyCFrame`.
    if (stray === undefined || length > stray.length) return -1;
    this.isTwice = stray.isTwice;
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
      this.strays.set(address, { address, length, isTwice: true, lastMet: this.#sample, offset: -1 });
    } else if (known.length < length) {
      known.length = length;
      known.isTwice = true;
    } else return;
    this.revision += 1;
  }

  /** Has these chunks of the data stack read from the next {@link plan} on. */
  setChunks(chunks: readonly Chunk[]): void {
    this.#nextChunks = chunks;
    this.revision += 1;
  }

  /**
   * Has the first `inner` of the frames at `addresses` (innermost first) read twice from now on and the others once. What
   * has not been met lately is read twice.
   */
  divide(addresses: Float64Array, count: number, inner: number): void {
    this.isDivided = true;
    for (const chunk of this.chunks) chunk.twiceFrom = chunk.end;
    for (const stray of this.strays.values()) stray.isTwice = true;
    for (let index = 0; index < count; index++) {
      const address = addresses[index] as Address;
      const stray = this.strays.get(address);
      if (stray !== undefined) stray.isTwice = index < inner;
      else if (index < inner) {
        const chunk = this.chunks.find((place) => address >= place.address && address < place.end);
        if (chunk !== undefined && address < chunk.twiceFrom) chunk.twiceFrom = address;
      }
    }
    // Newer chunks than the one where the parts meet are inner, whole.
    const meeting = this.chunks.findLastIndex(({ twiceFrom, end }) => twiceFrom < end);
    for (let index = 0; index < meeting; index++) {
      const chunk = this.chunks[index];
      if (chunk !== undefined) chunk.twiceFrom = chunk.address;
    }
    const newest = this.chunks[0];
    if (meeting < 0 && newest !== undefined) newest.twiceFrom = newest.address;
    this.revision += 1;
  }

  /** Has what is at `address`, in no chunk, read once from now on; false if nothing is. */
  settle(address: Address): boolean {
    const stray = this.strays.get(address);
    if (stray === undefined) return false;
    stray.isTwice = false;
    this.revision += 1;
    return true;
  }

  /** Has everything read twice. */
  unite(): void {
    this.isDivided = false;
    for (const chunk of this.chunks) chunk.twiceFrom = chunk.address;
    for (const stray of this.strays.values()) stray.isTwice = true;
    this.revision += 1;
  }

  /** Something was not where it was expected: nothing is expected any more. */
  forget(): void {
    this.isDivided = false;
    this.chunks.length = 0;
    this.#nextChunks = undefined;
    this.strays.clear();
    this.revision += 1;
  }

  /** Ends a sample: what has not been met for long is not read ahead any more. Outer frames are not looked for each time. */
  endSample(): void {
    this.#sample += 1;
    this.#calm += 1;
    if (this.#copies > 2 && this.#calm > CALM_SAMPLES) {
      this.#copies = 2;
      this.revision += 1;
    }
    if (this.#sample % MEMORY_OF_TOPS === 0) this.#shorten();
    if (this.strays.size === 0 || this.#sample % MEMORY_OF_FRAMES !== 0) return;
    for (const [address, { isTwice, lastMet }] of this.strays) {
      if (!isTwice || this.#sample - lastMet <= MEMORY_OF_FRAMES) continue;
      this.strays.delete(address);
      this.revision += 1;
    }
  }

  #takeChunks(): void {
    if (this.#nextChunks === undefined) return;
    const chunks = this.#nextChunks.map(({ address, end }): ChunkPlace => {
      const known = this.chunks.find((chunk) => chunk.address === address);
      const isOnce = known !== undefined && known.twiceFrom === known.end;
      const twiceFrom = isOnce ? end : Math.min(known?.twiceFrom ?? address, end);
      return { address, end, twiceFrom, twiceOffset: -1, onceOffset: -1 };
    });
    this.chunks.length = 0;
    this.chunks.push(...chunks);
    this.#nextChunks = undefined;
  }

  /** A stack that was deeper once is not read to that depth for ever. */
  #shorten(): void {
    const [newest] = this.chunks;
    const top = this.#highestTop;
    this.#highestTop = 0;
    if (newest === undefined || top <= newest.address || newest.end - top <= NEAR) return;
    const [, ...older] = this.chunks;
    this.setChunks([{ address: newest.address, end: top }, ...older]);
  }

  /**
   * The two copies are laid out alike, so that one distance leads from any byte of the first to its second. Returns where
   * the copy begins.
   */
  #planTwice(plan: ScatterRead, isFirst: boolean): number {
    // First what is not in a chunk, because a `_PyCFrame` leads to the innermost frame: a frame that is read before it is
    // known to be the innermost may get another function in between.
    let start = this.#planStrays(plan, this.#twice, isFirst);
    for (const chunk of this.chunks) {
      if (chunk.twiceFrom === chunk.end) continue;
      const offset = plan.add(chunk.twiceFrom, chunk.end - chunk.twiceFrom);
      if (start < 0) start = offset;
      if (isFirst) chunk.twiceOffset = offset;
    }
    return start;
  }

  #planOnce(plan: ScatterRead): void {
    for (const chunk of this.chunks) {
      const length = chunk.twiceFrom - chunk.address;
      if (length > 0) chunk.onceOffset = plan.add(chunk.address, length);
    }
    this.#planStrays(plan, this.#once, true);
  }

  #sortStrays(): void {
    this.#once.length = 0;
    this.#twice.length = 0;
    for (const stray of this.strays.values()) (stray.isTwice ? this.#twice : this.#once).push(stray);
    this.#once.sort(byAddress);
    this.#twice.sort(byAddress);
  }

  /** Returns where the first one is; -1 if there are none. */
  #planStrays(plan: ScatterRead, strays: readonly StrayPlace[], isFirst: boolean): number {
    let begin = -1;
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
      if (begin < 0) begin = offset;
      for (; first < next; first++) {
        const stray = strays[first] as StrayPlace;
        if (isFirst) stray.offset = offset + (stray.address - start);
      }
    }
    return begin;
  }
}

function byAddress(one: StrayPlace, other: StrayPlace): number {
  return one.address - other.address;
}
