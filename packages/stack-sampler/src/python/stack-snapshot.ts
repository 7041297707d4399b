/**
 * One thread's stack, read while the thread runs on.
 *
 * From Python 3.11 on the memory of frames is used again at once: a frame-by-frame walk shows stacks that never existed
 * in up to a third of all samples. So everything that a walk may need is read ahead, at the places where the last sample
 * met it (`stack-places.ts`), in one system call: the thread state and the inner frames, the outer frames, and the thread
 * state and the inner frames again. What was not read ahead is read on its own, and is known the next time.
 *
 * A walk goes through one copy and compares with the other: where both agree on what runs in every frame and who called
 * it, the stack was there. (Callers' instructions are not compared: they change only when the frames inside have
 * returned, and comparing them finds half of the good stacks of a program of short calls torn.) Which frame is the
 * innermost may have changed from one copy to the other: if the later one was called from the earlier one, the
 * earlier stack was alive all the time; if the earlier one has returned to the later one, the later stack was. Only if
 * neither is so there is nothing to believe.
 */
import { ABSENT, type Layout } from "@pyspy/cpython-layouts";
import { type Address, type MemoryReader, ScatterRead } from "@pyspy/proc-memory";
import { CircleWatch } from "./circle-watch.js";
import { readChunks } from "./data-stack.js";
import type { KnownStack } from "./known-stack.js";
import type { StackPlaces, ThreadStateParts } from "./stack-places.js";
import type { ThreadTrack } from "./thread-track.js";

/**
 * What came of a walk:
 * - `good`: the copies agree: the stack was there
 * - `torn`: they do not
 * - `learnt`: complete, but something had to be read on its own: the next read will bring it
 * - `unreadable`: a frame could not be read
 */
export type WalkOutcome = "good" | "torn" | "learnt" | "unreadable";

/** How many frames of a deep stack are read twice. */
const INNER_FRAMES = 24;
/** When fewer vouch for the outer ones, or so many are read twice, the stack is divided anew. */
const FEWEST_INNER_FRAMES = 8;
const MOST_INNER_FRAMES = 96;
/** The data stack is read beyond what is used: what one more call would need. */
const SLACK_BYTES = 192;
const CFRAME_BYTES = 16;
/** How far apart the innermost frames of the two copies can be for one stack to be found in both. */
const MOST_CALLS_BETWEEN_COPIES = 64;

const UNREAD = -1;

export class StackSnapshot {
  /** The frames walked, innermost first: all, or those inside the {@link keptDepth} outermost ones. */
  addresses = new Float64Array(256);
  /** 0 for a frame of C's own, or one that has let go of its code. */
  codes = new Float64Array(256);
  instructions = new Float64Array(256);
  depth = 0;
  /** How many of the outermost frames are as in the thread's {@link KnownStack}; they were not walked. */
  keptDepth = 0;
  readonly #memory: MemoryReader;
  readonly #layout: Layout;
  readonly #isWide: boolean;
  /** Whether frames keep the place in their code as a number that counts from its start. */
  readonly #isIndex: boolean;
  readonly #threadStateParts: ThreadStateParts;
  readonly #frameLength: number;
  /** One frame that was not read ahead. */
  readonly #stray: ScatterRead;
  /** The buffer of the read that is walked. */
  #bytes: Uint8Array = new Uint8Array(0);
  /** Whether everything that the walk looked at had been read ahead. */
  #isAhead = true;
  /** Where the last walk ended; 0 if there was no frame. */
  #outermost: Address = 0;
  /** Whether the outer frames were reached with too few inner ones to vouch for them. */
  #isBadlyDivided = false;

  constructor(memory: MemoryReader, layout: Layout) {
    this.#memory = memory;
    this.#layout = layout;
    this.#isWide = layout.pointerSize === 8;
    this.#threadStateParts = threadStateParts(layout);
    const { previous, executable, instruction, instructionKind, owner, is_entry } = layout.frame;
    this.#isIndex = instructionKind === "lasti-bytes" || instructionKind === "lasti-units";
    this.#frameLength = Math.max(previous, executable, instruction, owner, is_entry) + layout.pointerSize;
    this.#stray = new ScatterRead(1, Math.max(this.#frameLength, CFRAME_BYTES));
  }

  /** Adds everything that a walk of the thread may need to `plan`. */
  plan({ places, known, threadState }: ThreadTrack, plan: ScatterRead): void {
    places.plan(plan, threadState, this.#threadStateParts);
    let start = Number.POSITIVE_INFINITY;
    let end = 0;
    for (let position = 0; position < known.onceDepth; position++) {
      const offset = places.find(known.addresses[position] as Address, this.#frameLength);
      if (offset < 0 || places.isTwice) known.onceDepth = position;
      else {
        start = Math.min(start, offset);
        end = Math.max(end, offset + this.#frameLength);
      }
      known.offsets[position] = offset;
    }
    known.putOnce(start, end);
  }

  /**
   * Walks a stack in what was read. Leaves it in {@link addresses}, {@link codes} and {@link instructions}, also when it is
   * torn, and what to read ahead the next time in `track`.
   */
  walk(track: ThreadTrack, plan: ScatterRead): WalkOutcome {
    const { places, known } = track;
    this.depth = 0;
    this.keptDepth = 0;
    this.#isBadlyDivided = false;
    if (!plan.isRead(places.firstRange)) return "unreadable";
    this.#isAhead = plan.isRead(places.endRange - 1);
    if (!this.#isAhead) {
      // Something that was expected is gone: learn anew where things are. There is only the first copy.
      places.forget();
      known.forget();
    }
    const { u32 } = plan;
    this.#bytes = plan.bytes;
    this.#followChunks(track, u32);
    let outcome: WalkOutcome = "torn";
    // Where copies often differ, two of them can be alike by chance: three have to be.
    const areTwo = places.toCopy.length === 2;
    const walks = this.#isAhead ? places.toCopy.length - (areTwo ? 1 : 2) : 1;
    // Samples that follow one another at once can meet a loop of the program at one moment of it, where copies are alike by chance.
    const first = areTwo || walks === 1 ? 0 : Math.floor(Math.random() * walks);
    for (let walk = 0; walk < walks && outcome === "torn"; walk++) {
      const copy = (first + walk) % walks;
      outcome = this.#walkPair(track, u32, copy);
      if (walk === 0 && outcome === "torn") places.tear();
      if (outcome === "good" && !areTwo && !this.#isAlsoIn(track, u32, copy)) outcome = "torn";
    }
    if (outcome === "good" && this.#outermost !== 0 && this.#layout.threadState.base_frame === ABSENT) {
      if (!known.believesOutermost(this.#outermost)) outcome = "torn";
    }
    if (this.#isBadlyDivided) {
      places.unite();
      known.onceDepth = 0;
    }
    return outcome === "good" && !this.#isAhead ? "learnt" : outcome;
  }

  /** Whether the frames of the stack that was just walked are what they were in the copy after the two that it was walked in. */
  #isAlsoIn({ places }: ThreadTrack, u32: Uint32Array, copy: number): boolean {
    const { toCopy } = places;
    const one = toCopy[copy + 1] as number;
    const other = toCopy[copy + 2] as number;
    for (let index = 0; index < this.depth; index++) {
      const found = places.find(this.addresses[index] as Address, this.#frameLength);
      if (found < 0 || !places.isTwice) continue;
      const first = found + one;
      const second = found + other;
      if (this.#isSameFrame(u32, first, second)) continue;
      if (index > 0 || !this.#hasReturned(u32, first, second)) return false;
    }
    return true;
  }

  /** Walks the stack in the copies `pair` and `pair + 1`. */
  #walkPair(track: ThreadTrack, u32: Uint32Array, pair: number): "good" | "torn" | "unreadable" {
    const { innermost, toCopy } = track.places;
    this.depth = 0;
    this.keptDepth = 0;
    const isPair = this.#isAhead;
    const earlier = toCopy[pair] as number;
    const later = isPair ? (toCopy[pair + 1] as number) : earlier;
    const before = this.#innermostFrame(track, u32, innermost[pair] as number, earlier);
    const after = isPair ? this.#innermostFrame(track, u32, innermost[pair + 1] as number, later) : before;
    if (before === UNREAD || after === UNREAD) return "unreadable";
    if (before === after || this.#isCaller(track, u32, before, after, later))
      return this.#walkFrom(before, earlier, later, track, u32);
    if (this.#isCaller(track, u32, after, before, earlier))
      return this.#walkFrom(after, later, earlier, track, u32);
    const walked = this.#walkFrom(before, earlier, later, track, u32);
    return walked === "good" ? "torn" : walked;
  }

  /**
   * To be called when the stack has become the track's {@link KnownStack}: has the inner frames of a deep stack read twice
   * from now on, and the outer ones once.
   */
  divide({ places, known }: ThreadTrack): void {
    if (this.keptDepth === 0 && this.depth > MOST_INNER_FRAMES) {
      places.divide(this.addresses, this.depth, INNER_FRAMES);
      known.onceDepth = this.depth - INNER_FRAMES;
    } else if (this.depth > MOST_INNER_FRAMES) {
      places.unite();
      known.onceDepth = 0;
    } else if (known.onceDepth === 0) {
      while (known.onceDepth < this.depth && this.#isEntrance(places, known.onceDepth)) known.onceDepth += 1;
    }
  }

  /** Whether the frame at a position is one of C's own, not in a chunk, through which a thread came into Python; it is read once from now on. */
  #isEntrance(places: StackPlaces, position: number): boolean {
    const index = this.depth - 1 - position;
    return this.codes[index] === 0 && places.settle(this.addresses[index] as Address);
  }

  /**
   * Follows the chain from `start` in the copy that is `copy` bytes after the first, and compares with the one that is `other`
   * bytes after it.
   */
  #walkFrom(
    start: Address,
    copy: number,
    other: number,
    track: ThreadTrack,
    u32: Uint32Array,
  ): "good" | "torn" | "unreadable" {
    const { places, known } = track;
    const { frame, threadState } = this.#layout;
    const isWide = this.#isWide;
    const circle = new CircleWatch();
    let outcome: "good" | "torn" = "good";
    let inner = 0;
    let last = 0;
    // In a column, because as a variable it would be allocated for each frame.
    this.addresses[0] = start;
    while ((this.addresses[this.depth] as Address) !== 0) {
      const address = this.addresses[this.depth] as Address;
      if (circle.closesAt(address)) {
        places.forget();
        known.forget();
        return "torn";
      }
      last = address;
      const found = places.find(address, this.#frameLength);
      if (found < 0) {
        const stray = this.#readStray(address, this.#frameLength);
        if (stray === undefined) return "unreadable";
        places.meet(address, this.#frameLength);
        this.#keep(stray, 0);
        this.addresses[this.depth] = this.#word(stray, frame.previous);
        continue;
      }
      let offset = found;
      if (places.isTwice) {
        offset = found + copy;
        const again = found + other;
        if (!this.#isSameFrame(u32, offset, again)) {
          if (address !== start || !this.#hasReturned(u32, offset, again)) outcome = "torn";
          else if (this.#codeAt(u32, offset) === 0) offset = again;
        }
        inner += 1;
      } else {
        const isKnown =
          known.onceDepth > 0 &&
          address === known.addresses[known.onceDepth - 1] &&
          this.#isKnown(known, u32);
        // It was read between the first two copies.
        const isVouchedFor = places.isDivided
          ? inner >= FEWEST_INNER_FRAMES
          : isKnown || Math.min(copy, other) === 0;
        if (!isVouchedFor) {
          this.#isAhead = false;
          this.#isBadlyDivided = true;
        }
        if (isKnown) {
          this.keptDepth = known.onceDepth;
          last = known.addresses[0] as Address;
          break;
        }
      }
      this.#keep(u32, offset);
      const previous = (offset + frame.previous) >> 2;
      this.addresses[this.depth] =
        (u32[previous] as number) + (isWide ? (u32[previous + 1] as number) * 0x1_0000_0000 : 0);
    }
    this.#outermost = last;
    // From 3.15 on every complete chain ends in the thread's base frame.
    const isComplete =
      threadState.base_frame === ABSENT ||
      last === 0 ||
      last === this.#word(u32, places.threadState + threadState.base_frame);
    return isComplete ? outcome : "torn";
  }

  /** Whether the frames that are read once are what they were. */
  #isKnown(known: KnownStack, u32: Uint32Array): boolean {
    if (known.isOnceAlike(this.#bytes)) return true;
    const { previous } = this.#layout.frame;
    const { addresses, codes, instructions, offsets } = known;
    let caller = 0;
    for (let position = 0; position < known.onceDepth; position++) {
      const offset = offsets[position] as number;
      if (
        this.#word(u32, offset + previous) !== caller ||
        this.#codeAt(u32, offset) !== codes[position] ||
        this.#instructionAt(u32, offset) !== instructions[position]
      )
        return false;
      caller = addresses[position] as Address;
    }
    known.keepOnce(this.#bytes);
    return true;
  }

  /** Whether the frame `caller` is in the chain that starts at `callee`, in the copy that is `copy` bytes after the first. */
  #isCaller(
    { places }: ThreadTrack,
    u32: Uint32Array,
    caller: Address,
    callee: Address,
    copy: number,
  ): boolean {
    let address = callee;
    for (let calls = 0; calls < MOST_CALLS_BETWEEN_COPIES && address !== 0; calls++) {
      if (address === caller) return true;
      const found = places.find(address, this.#frameLength);
      if (found < 0) return false;
      address = this.#word(u32, found + (places.isTwice ? copy : 0) + this.#layout.frame.previous);
    }
    return address === caller;
  }

  /** Whether the frames at two offsets run the same and were called by the same. Numbers of 64 bits would be allocated here. */
  #isSameFrame(u32: Uint32Array, one: number, other: number): boolean {
    const { executable, previous } = this.#layout.frame;
    return (
      this.#isSameWord(u32, one + executable, other + executable) &&
      this.#isSameWord(u32, one + previous, other + previous)
    );
  }

  /**
   * Whether a frame that is not the same at two offsets is one that has let go of its code in one of them: from 3.14 on a frame
   * does so when it returns. So where it has code, it was alive, called by what is its caller in both copies.
   */
  #hasReturned(u32: Uint32Array, one: number, other: number): boolean {
    const { previous, executableTag } = this.#layout.frame;
    // Earlier ones, whose references have no tags, keep their code when they return.
    if (executableTag === 0 || !this.#isSameWord(u32, one + previous, other + previous)) return false;
    return (this.#codeAt(u32, one) === 0) !== (this.#codeAt(u32, other) === 0);
  }

  #isSameWord(u32: Uint32Array, one: number, other: number): boolean {
    const first = one >> 2;
    const second = other >> 2;
    return u32[first] === u32[second] && (!this.#isWide || u32[first + 1] === u32[second + 1]);
  }

  /** Keeps the frame at an offset, whose address is there already, and makes room for the address of the next one. */
  #keep(u32: Uint32Array, offset: number): void {
    const { depth } = this;
    if (depth + 1 === this.codes.length) this.#grow();
    this.codes[depth] = this.#codeAt(u32, offset);
    this.instructions[depth] = this.#instructionAt(u32, offset);
    this.depth = depth + 1;
  }

  /** The code object that a frame runs; 0 if the frame is a stepping stone between C and Python, or being popped. */
  #codeAt(u32: Uint32Array, offset: number): Address {
    if (this.#isForeign(u32, offset)) return 0;
    const { executable, executableTag } = this.#layout.frame;
    const at = (offset + executable) >> 2;
    const low = u32[at] as number;
    return low - (low & executableTag) + (this.#isWide ? (u32[at + 1] as number) * 0x1_0000_0000 : 0);
  }

  /** Whether a frame is one of C's own. */
  #isForeign(u32: Uint32Array, offset: number): boolean {
    const { owner, firstForeignOwner } = this.#layout.frame;
    if (owner === ABSENT || firstForeignOwner === ABSENT) return false;
    const at = offset + owner;
    return (((u32[at >> 2] as number) >>> ((at & 3) * 8)) & 0xff) >= firstForeignOwner;
  }

  #instructionAt(u32: Uint32Array, offset: number): number {
    const at = (offset + this.#layout.frame.instruction) >> 2;
    if (this.#isIndex) return (u32[at] as number) | 0;
    return (u32[at] as number) + (this.#isWide ? (u32[at + 1] as number) * 0x1_0000_0000 : 0);
  }

  /**
   * The innermost frame, to which the word at `offset` leads, in the copy that is `copy` bytes after the first;
   * {@link UNREAD} if it cannot be read.
   */
  #innermostFrame({ places }: ThreadTrack, u32: Uint32Array, offset: number, copy: number): Address {
    const { threadState: fields, cframe } = this.#layout;
    const address = this.#word(u32, offset);
    // 3.11 and 3.12 keep it in a `_PyCFrame` on the C stack, one for each activation of the eval loop.
    if (fields.cframe === ABSENT || address === 0) return address;
    const found = places.find(address, CFRAME_BYTES);
    if (found >= 0) return this.#word(u32, found + copy + cframe.current_frame);
    // One that is read later tells of another moment.
    places.meet(address, CFRAME_BYTES);
    const stray = this.#readStray(address, CFRAME_BYTES);
    return stray === undefined ? UNREAD : this.#word(stray, cframe.current_frame);
  }

  /** Has more of the data stack read the next time, if what was read ahead did not hold all that is used. */
  #followChunks({ places }: ThreadTrack, u32: Uint32Array): void {
    const { threadState: fields } = this.#layout;
    if (fields.datastack_chunk === ABSENT) return;
    const newest = this.#word(u32, places.threadState + fields.datastack_chunk);
    const top = this.#word(u32, places.threadState + fields.datastack_top);
    const known = places.chunks[0];
    places.use(top);
    if (known === undefined ? newest === 0 : known.address === newest && top <= known.end) return;
    places.setChunks(readChunks(this.#memory, this.#layout, newest, top, SLACK_BYTES));
    this.#isAhead = false;
  }

  #readStray(address: Address, length: number): Uint32Array | undefined {
    this.#isAhead = false;
    const { bytes, u32 } = this.#stray;
    return this.#memory.readInto(address, bytes.subarray(0, length)) === length ? u32 : undefined;
  }

  /** The pointer at an offset, which is a multiple of 4. */
  #word(u32: Uint32Array, offset: number): Address {
    const low = u32[offset >> 2] as number;
    return this.#isWide ? low + (u32[(offset >> 2) + 1] as number) * 0x1_0000_0000 : low;
  }

  #grow(): void {
    const length = this.codes.length * 2;
    this.addresses = resized(this.addresses, length);
    this.codes = resized(this.codes, length);
    this.instructions = resized(this.instructions, length);
  }
}

function resized(values: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(length);
  larger.set(values);
  return larger;
}

function threadStateParts({ threadState, pointerSize }: Layout): ThreadStateParts {
  const { frame, cframe, current_frame, base_frame, datastack_chunk, datastack_top, gil_requested } =
    threadState;
  const innermost = Math.max(frame, cframe, current_frame);
  const fields = [innermost, base_frame, datastack_chunk, datastack_top, gil_requested];
  const present = fields.filter((offset) => offset !== ABSENT);
  return { start: Math.min(...present), end: Math.max(...present) + pointerSize, innermost, pointerSize };
}
