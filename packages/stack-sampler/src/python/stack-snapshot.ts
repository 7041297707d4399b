/**
 * One thread's stack, read while the thread runs on.
 *
 * From Python 3.11 on the memory of frames is used again at once: a frame-by-frame walk shows stacks that never existed
 * in up to a third of all samples. So everything that a walk may need is read ahead, at the places where the last sample
 * met it (`stack-places.ts`), in one system call: the thread state and the inner frames, the outer frames, and the thread
 * state and the inner frames twice more. What was not read ahead is read on its own, and is known the next time.
 *
 * A walk goes through one copy and compares with the others: where all agree on what runs in every frame and who called
 * it, the stack was there. (Callers' instructions are not compared: they change only when the frames inside have
 * returned, and comparing them finds half of the good stacks of a program of short calls torn.) Which frame is the
 * innermost may have changed from one copy to the other: if the later one was called from the earlier one, the
 * earlier stack was alive all the time; if the earlier one has returned to the later one, the later stack was. Only if
 * neither is so there is nothing to believe.
 *
 * Each copy takes longer than a short call, so one may hold frames of two moments. A program that does the same again and
 * again is met at such moments by two copies in a row where its rhythm is theirs: with a processor of its own, one that
 * alternates between two short calls showed up to 0.46 % of stacks that never were with two copies, and none with three.
 */
import { ABSENT, type Layout } from "@pyspy/cpython-layouts";
import { type Address, type MemoryReader, ScatterRead } from "@pyspy/proc-memory";
import { CircleWatch } from "./circle-watch.js";
import { readChunks } from "./data-stack.js";
import type { KnownStack } from "./known-stack.js";
import type { ThreadTrack } from "./thread-track.js";

/**
 * What came of a walk:
 * - `good`: the copies agree: the stack was there
 * - `torn`: they do not
 * - `learnt`: complete, but something had to be read on its own: the next read will bring it
 * - `unreadable`: a frame could not be read
 */
export type WalkOutcome = "good" | "torn" | "learnt" | "unreadable";

/** How many frames of a deep stack are read three times. */
const INNER_FRAMES = 24;
/** When fewer vouch for the outer ones, or so many are read three times, the stack is divided anew. */
const FEWEST_INNER_FRAMES = 8;
const MOST_INNER_FRAMES = 96;
/** The data stack is read beyond what is used: what one more call or two would need. */
const SLACK_BYTES = 768;
const CFRAME_BYTES = 16;
/** How far apart the innermost frames of two copies can be for one stack to be found in both. */
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
  readonly #threadStateLength: number;
  readonly #frameLength: number;
  /** One frame that was not read ahead. */
  readonly #stray: ScatterRead;
  /** Whether everything that the walk looked at had been read ahead. */
  #isAhead = true;
  /** Whether the outer frames were reached with too few inner ones to vouch for them. */
  #isBadlyDivided = false;

  constructor(memory: MemoryReader, layout: Layout) {
    this.#memory = memory;
    this.#layout = layout;
    this.#isWide = layout.pointerSize === 8;
    this.#threadStateLength = threadStateLength(layout);
    const { previous, executable, instruction, owner, is_entry } = layout.frame;
    this.#frameLength = Math.max(previous, executable, instruction, owner, is_entry) + layout.pointerSize;
    this.#stray = new ScatterRead(1, Math.max(this.#frameLength, CFRAME_BYTES));
  }

  /** Adds everything that a walk of the thread may need to `plan`. */
  plan({ places, known, threadState }: ThreadTrack, plan: ScatterRead): void {
    places.plan(plan, threadState, this.#threadStateLength);
    for (let position = 0; position < known.onceDepth; position++) {
      const offset = places.find(known.addresses[position] as Address, this.#frameLength);
      if (offset < 0 || places.isInner) known.onceDepth = position;
      known.offsets[position] = offset;
    }
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
    let { toSecond, toThird } = places;
    this.#isAhead = plan.isRead(places.endRange - 1);
    if (!this.#isAhead) {
      // Something that was expected is gone: learn anew where things are. There is only the first copy of the thread state.
      places.forget();
      known.forget();
      toSecond = 0;
      toThird = 0;
    }
    const { u32 } = plan;
    this.#followChunks(track, u32);
    const first = this.#currentFrame(track, u32, 0);
    const second = toSecond === 0 ? first : this.#currentFrame(track, u32, toSecond);
    const third = toThird === 0 ? first : this.#currentFrame(track, u32, toThird);
    if (first === UNREAD || second === UNREAD || third === UNREAD) return "unreadable";
    // The outermost of them was there all the time, if it called the others.
    let start = first;
    let copy = 0;
    let isSame = true;
    if (second !== start && !this.#isCaller(track, u32, start, second, toSecond)) {
      isSame = this.#isCaller(track, u32, second, start, copy);
      if (isSame) {
        start = second;
        copy = toSecond;
      }
    }
    if (isSame && third !== start && !this.#isCaller(track, u32, start, third, toThird)) {
      isSame = this.#isCaller(track, u32, third, start, copy);
      if (isSame) {
        start = third;
        copy = toThird;
      }
    }
    let outcome: WalkOutcome = isSame ? "good" : "torn";
    const walked = this.#walkFrom(start, copy, track, u32, toSecond, toThird);
    if (walked !== "good") outcome = walked;
    return outcome === "good" && !this.#isAhead ? "learnt" : outcome;
  }

  /**
   * To be called when the stack has become the track's {@link KnownStack}: has the inner frames of a deep stack read three times
   * from now on, and the outer ones once.
   */
  divide({ places, known }: ThreadTrack): void {
    if (this.keptDepth === 0 && this.depth > MOST_INNER_FRAMES) {
      places.divide(this.addresses, this.depth, INNER_FRAMES);
      known.onceDepth = this.depth - INNER_FRAMES;
    } else if (this.#isBadlyDivided || this.depth > MOST_INNER_FRAMES) {
      places.unite();
      known.onceDepth = 0;
    }
  }

  /** Follows the chain from `address` in the copy that is `copy` bytes after the first. */
  #walkFrom(
    start: Address,
    copy: number,
    track: ThreadTrack,
    u32: Uint32Array,
    toSecond: number,
    toThird: number,
  ): "good" | "torn" | "unreadable" {
    const { places, known } = track;
    const { frame, threadState } = this.#layout;
    const circle = new CircleWatch();
    let outcome: "good" | "torn" = "good";
    let inner = 0;
    let last = 0;
    for (let address = start; address !== 0; ) {
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
        this.#keep(address, stray, 0);
        address = this.#word(stray, frame.previous);
        continue;
      }
      let offset = found;
      if (places.isInner) {
        offset = found + copy;
        const executable = this.#word(u32, offset + frame.executable);
        const previous = this.#word(u32, offset + frame.previous);
        const agree =
          this.#word(u32, found + frame.executable) === executable &&
          this.#word(u32, found + frame.previous) === previous &&
          this.#word(u32, found + toSecond + frame.executable) === executable &&
          this.#word(u32, found + toSecond + frame.previous) === previous &&
          this.#word(u32, found + toThird + frame.executable) === executable &&
          this.#word(u32, found + toThird + frame.previous) === previous;
        if (!agree) outcome = "torn";
        inner += 1;
      } else {
        if (inner < FEWEST_INNER_FRAMES) {
          this.#isAhead = false;
          this.#isBadlyDivided = true;
        }
        if (
          known.onceDepth > 0 &&
          address === known.addresses[known.onceDepth - 1] &&
          this.#isKnown(known, u32)
        ) {
          this.keptDepth = known.onceDepth;
          last = known.addresses[0] as Address;
          break;
        }
      }
      this.#keep(address, u32, offset);
      address = this.#word(u32, offset + frame.previous);
    }
    // From 3.15 on every complete chain ends in the thread's base frame.
    const isComplete =
      threadState.base_frame === ABSENT ||
      last === 0 ||
      last === this.#word(u32, places.threadState + threadState.base_frame);
    return isComplete ? outcome : "torn";
  }

  /** Whether the frames that are read once are what they were. */
  #isKnown(known: KnownStack, u32: Uint32Array): boolean {
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
      address = this.#word(u32, found + (places.isInner ? copy : 0) + this.#layout.frame.previous);
    }
    return address === caller;
  }

  #keep(address: Address, u32: Uint32Array, offset: number): void {
    if (this.depth === this.codes.length) this.#grow();
    this.addresses[this.depth] = address;
    this.codes[this.depth] = this.#codeAt(u32, offset);
    this.instructions[this.depth] = this.#instructionAt(u32, offset);
    this.depth += 1;
  }

  /** The code object that a frame runs; 0 if the frame is a stepping stone between C and Python, or being popped. */
  #codeAt(u32: Uint32Array, offset: number): Address {
    const { owner, firstForeignOwner, executable, executableTag } = this.#layout.frame;
    if (owner !== ABSENT && firstForeignOwner !== ABSENT) {
      const at = offset + owner;
      if ((((u32[at >> 2] as number) >>> ((at & 3) * 8)) & 0xff) >= firstForeignOwner) return 0;
    }
    const at = offset + executable;
    return this.#word(u32, at) - ((u32[at >> 2] as number) & executableTag);
  }

  #instructionAt(u32: Uint32Array, offset: number): number {
    const { instruction, instructionKind } = this.#layout.frame;
    const isIndex = instructionKind === "lasti-bytes" || instructionKind === "lasti-units";
    return isIndex ? (u32[(offset + instruction) >> 2] as number) | 0 : this.#word(u32, offset + instruction);
  }

  /** The innermost frame in the copy that is `copy` bytes after the first; {@link UNREAD} if it cannot be read. */
  #currentFrame({ places }: ThreadTrack, u32: Uint32Array, copy: number): Address {
    const { threadState: fields, cframe } = this.#layout;
    const threadState = places.threadState + copy;
    if (fields.current_frame !== ABSENT) return this.#word(u32, threadState + fields.current_frame);
    if (fields.cframe === ABSENT) return this.#word(u32, threadState + fields.frame);
    // 3.11 and 3.12 keep it in a `_PyCFrame` on the C stack, one for each activation of the eval loop.
    const address = this.#word(u32, threadState + fields.cframe);
    if (address === 0) return 0;
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

/** Bytes from the start of a thread state to the end of the last of its fields that are looked at in every sample. */
function threadStateLength({ threadState, pointerSize }: Layout): number {
  const { frame, cframe, current_frame, base_frame, datastack_chunk, datastack_top, gil_requested } =
    threadState;
  const innermost = Math.max(frame, cframe, current_frame, base_frame);
  return Math.max(innermost, datastack_chunk, datastack_top, gil_requested) + pointerSize;
}
