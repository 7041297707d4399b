/**
 * One thread's stack, read twice.
 *
 * The target runs on while it is read, and from Python 3.11 on the memory of its frames is used again at once: a
 * frame-by-frame walk shows stacks that never existed in up to a third of all samples. So everything that a
 * walk may need is read ahead, at the places where the last sample met it: the thread state, the used
 * part of its data-stack chunks, and the frames that are elsewhere (on the C stack, in generators, and
 * all of them up to 3.10). One system call reads it all, and then all of it again. What was not read ahead is
 * read on its own, and is known the next time.
 *
 * A walk goes through one copy and compares with the other: where both agree on what runs in every frame and who called
 * it, the stack was there. Which frame is the innermost may have changed from one copy to the other: if the later
 * one was called from the earlier one, the earlier stack was alive all the time; if the earlier one has returned to
 * the later one, the later stack was. Only if neither is so there is nothing to believe.
 */
import { ABSENT, type Layout } from "@pyspy/cpython-layouts";
import type { Address, MemoryReader, ScatterRead } from "@pyspy/proc-memory";
import { CircleWatch } from "./circle-watch.js";
import { TargetWords } from "./target-words.js";
import type { ThreadTrack } from "./thread-track.js";

/**
 * What came of a walk:
 * - `good`: the copies agree: the stack was there
 * - `torn`: they do not
 * - `learnt`: complete, but something had to be read on its own: the next read will bring it
 * - `unreadable`: a frame could not be read
 */
export type WalkOutcome = "good" | "torn" | "learnt" | "unreadable";

/** Read beyond the used part of a chunk: what one more call or two would need. */
const SLACK_BYTES = 768;
/** What is read ahead of one stack, at most: 800,000 frames. More is claimed by memory that has been reused. */
const MAX_STACK_BYTES = 1 << 26;
const CFRAME_BYTES = 16;

type Copy = "first" | "second";

/** Where one stretch of the target's memory is in a read: [start, end), and its two copies in the buffer. */
interface Region {
  readonly start: Address;
  readonly end: Address;
  /** Offsets of the two copies in the buffer. */
  readonly first: number;
  second: number;
}

export class StackSnapshot {
  readonly #memory: MemoryReader;
  readonly #layout: Layout;
  readonly #words: TargetWords;
  readonly #threadStateLength: number;
  readonly #frameLength: number;
  /** Walked stack, innermost frame first. */
  codes = new Float64Array(256);
  instructions = new Float64Array(256);
  depth = 0;
  readonly #stray: DataView;

  constructor(memory: MemoryReader, layout: Layout) {
    this.#memory = memory;
    this.#layout = layout;
    this.#words = new TargetWords(memory, layout.pointerSize);
    this.#threadStateLength = endOf(layout.threadState, layout.pointerSize);
    const { frame } = layout;
    this.#frameLength =
      Math.max(frame.previous, frame.executable, frame.instruction, frame.owner, frame.is_entry) +
      layout.pointerSize;
    this.#stray = new DataView(new ArrayBuffer(Math.max(this.#frameLength, CFRAME_BYTES)));
  }

  /** Adds everything that a walk of the thread may need to `plan`, twice. */
  plan(track: ThreadTrack, plan: ScatterRead): PlannedStack {
    const firstRange = plan.rangeCount;
    const first = plan.add(track.threadState, this.#threadStateLength);
    const regions: Region[] = [];
    const strays = new Map<Address, Region>();
    for (const { address, used } of track.chunks) {
      regions.push({ start: address, end: address + used, first: plan.add(address, used), second: 0 });
    }
    for (const [address, { length }] of track.strays) {
      strays.set(address, {
        start: address,
        end: address + length,
        first: plan.add(address, length),
        second: 0,
      });
    }
    const second = plan.add(track.threadState, this.#threadStateLength);
    for (const region of regions) region.second = plan.add(region.start, region.end - region.start);
    for (const region of strays.values()) region.second = plan.add(region.start, region.end - region.start);
    return { firstRange, endRange: plan.rangeCount, threadState: { first, second }, regions, strays };
  }

  /**
   * Walks a stack in what was read. Leaves it in {@link codes}, {@link instructions} and {@link depth}, also when it
   * is torn, and what to read ahead the next time in `track`.
   */
  walk(track: ThreadTrack, plan: ScatterRead, planned: PlannedStack): WalkOutcome {
    this.depth = 0;
    if (!plan.isRead(planned.firstRange)) return "unreadable";
    const complete = plan.isRead(planned.endRange - 1);
    // Something that was expected is gone: learn anew where things are.
    if (!complete) track.forgetPlaces();
    const known = complete ? planned : threadStateOnly(planned);
    const ahead = this.#followChunks(track, plan, planned.threadState.first);
    const before = this.#currentFrame(track, plan, known, "first");
    const after = this.#currentFrame(track, plan, known, "second");
    if (before === undefined || after === undefined) return "unreadable";

    let copy: Copy = "first";
    let outcome: WalkOutcome = complete && ahead && this.#hasCFrames(plan, known) ? "good" : "learnt";
    if (before !== after && !this.#isCaller(plan, known, before, after, "second")) {
      if (this.#isCaller(plan, known, after, before, "first")) copy = "second";
      else outcome = "torn";
    }
    return this.#walkFrom(copy === "first" ? before : after, copy, track, plan, known, outcome);
  }

  #walkFrom(
    start: Address,
    copy: Copy,
    track: ThreadTrack,
    plan: ScatterRead,
    known: PlannedStack,
    expected: WalkOutcome,
  ): WalkOutcome {
    const { frame } = this.#layout;
    const other = copy === "first" ? "second" : "first";
    const circle = new CircleWatch();
    let outcome = expected;
    let address = start;
    while (address !== 0) {
      if (circle.closesAt(address)) {
        track.forgetPlaces();
        return "torn";
      }
      const region = find(known, address, this.#frameLength);
      const view: DataView = region === undefined ? this.#stray : plan.view;
      let offset = 0;
      if (region === undefined) {
        if (!this.#readStray(address, this.#frameLength)) return "unreadable";
        if (outcome === "good") outcome = "learnt";
      } else {
        offset = region[copy] + (address - region.start);
        const again = region[other] + (address - region.start);
        const agrees =
          this.#words.same(view, offset + frame.executable, again + frame.executable) &&
          this.#words.same(view, offset + frame.previous, again + frame.previous);
        if (!agrees) outcome = "torn";
      }
      if (!isInChunk(track, address)) track.meet(address, this.#frameLength);
      this.#keep(view, offset);
      address = this.#words.at(view, offset + frame.previous);
    }
    return outcome;
  }

  /** Whether the frame `caller` is in the chain that starts at `callee`, in one copy. */
  #isCaller(plan: ScatterRead, known: PlannedStack, caller: Address, callee: Address, copy: Copy): boolean {
    const circle = new CircleWatch();
    let address = callee;
    while (address !== 0 && !circle.closesAt(address)) {
      if (address === caller) return true;
      const region = find(known, address, this.#frameLength);
      if (region === undefined) return false;
      address = this.#words.at(
        plan.view,
        region[copy] + (address - region.start) + this.#layout.frame.previous,
      );
    }
    return false;
  }

  /** Keeps a frame of the walk, unless it is a stepping stone between C and Python. */
  #keep(view: DataView, offset: number): void {
    const { frame } = this.#layout;
    if (frame.owner !== ABSENT && frame.firstForeignOwner !== ABSENT) {
      if (view.getUint8(offset + frame.owner) >= frame.firstForeignOwner) return;
    }
    const tag = view.getUint32(offset + frame.executable, true) & frame.executableTag;
    const code = this.#words.at(view, offset + frame.executable) - tag;
    // A frame that is being popped has let go of its code already.
    if (code === 0) return;
    if (this.depth === this.codes.length) this.#grow();
    this.codes[this.depth] = code;
    this.instructions[this.depth] =
      frame.instructionKind === "lasti-bytes" || frame.instructionKind === "lasti-units"
        ? view.getInt32(offset + frame.instruction, true)
        : this.#words.at(view, offset + frame.instruction);
    this.depth += 1;
  }

  /** The innermost frame in one copy; undefined if it cannot be read. */
  #currentFrame(track: ThreadTrack, plan: ScatterRead, known: PlannedStack, copy: Copy): Address | undefined {
    const { threadState: fields, cframe } = this.#layout;
    const threadState = known.threadState[copy];
    if (fields.current_frame !== ABSENT) return this.#words.at(plan.view, threadState + fields.current_frame);
    if (fields.cframe === ABSENT) return this.#words.at(plan.view, threadState + fields.frame);
    // 3.11 and 3.12 keep it in a `_PyCFrame` on the C stack, one for each activation of the eval loop.
    const address = this.#words.at(plan.view, threadState + fields.cframe);
    if (address === 0) return 0;
    track.meet(address, CFRAME_BYTES);
    const region = known.strays.get(address);
    if (region !== undefined) return this.#words.at(plan.view, region[copy] + cframe.current_frame);
    if (!this.#readStray(address, CFRAME_BYTES)) return undefined;
    return this.#words.at(this.#stray, cframe.current_frame);
  }

  /** Whether the `_PyCFrame`s of both copies were read ahead; one that is read later tells of another moment. */
  #hasCFrames(plan: ScatterRead, { threadState, strays }: PlannedStack): boolean {
    const { cframe } = this.#layout.threadState;
    if (cframe === ABSENT) return true;
    const before = this.#words.at(plan.view, threadState.first + cframe);
    const after = this.#words.at(plan.view, threadState.second + cframe);
    return (before === 0 || strays.has(before)) && (after === 0 || strays.has(after));
  }

  /**
   * Brings the chunks of `track` up to date with the thread state. False if what was read ahead did not hold
   * all that is used.
   */
  #followChunks(track: ThreadTrack, plan: ScatterRead, threadState: number): boolean {
    const { threadState: fields } = this.#layout;
    if (fields.datastack_chunk === ABSENT) return true;
    const newest = this.#words.at(plan.view, threadState + fields.datastack_chunk);
    const top = this.#words.at(plan.view, threadState + fields.datastack_top);
    const known = track.chunks[0];
    if (known === undefined ? newest === 0 : known.address === newest && top <= newest + known.used)
      return true;
    this.#readChunks(track, newest, top);
    return false;
  }

  #readChunks(track: ThreadTrack, newest: Address, top: Address): void {
    const { dataStackChunk } = this.#layout;
    const header = new DataView(new ArrayBuffer(dataStackChunk.data));
    const circle = new CircleWatch();
    let room = MAX_STACK_BYTES;
    track.chunks.length = 0;
    let address = newest;
    while (address !== 0 && !circle.closesAt(address)) {
      if (this.#memory.readInto(address, new Uint8Array(header.buffer)) < header.byteLength) return;
      const size = this.#words.at(header, dataStackChunk.size);
      if (size < header.byteLength || size > MAX_STACK_BYTES) return;
      const end =
        address === newest
          ? top - address + SLACK_BYTES
          : dataStackChunk.data + this.#words.at(header, dataStackChunk.top) * this.#layout.pointerSize;
      const used = Math.max(header.byteLength, Math.min(size, end));
      room -= used;
      if (room < 0) return;
      track.chunks.push({ address, used });
      address = this.#words.at(header, dataStackChunk.previous);
    }
  }

  #readStray(address: Address, length: number): boolean {
    return this.#memory.readInto(address, new Uint8Array(this.#stray.buffer, 0, length)) === length;
  }

  #grow(): void {
    const { codes, instructions } = this;
    this.codes = new Float64Array(codes.length * 2);
    this.codes.set(codes);
    this.instructions = new Float64Array(codes.length * 2);
    this.instructions.set(instructions);
  }
}

/** Where the parts of one thread's stack are in a read. */
export interface PlannedStack {
  readonly firstRange: number;
  readonly endRange: number;
  /** Offsets of the two copies of the thread state in the buffer. */
  readonly threadState: Readonly<Record<Copy, number>>;
  readonly regions: readonly Region[];
  readonly strays: ReadonlyMap<Address, Region>;
}

/** The same read, of which only the thread state is to be believed. */
function threadStateOnly(planned: PlannedStack): PlannedStack {
  const { first } = planned.threadState;
  return { ...planned, threadState: { first, second: first }, regions: [], strays: new Map() };
}

function find(planned: PlannedStack, address: Address, length: number): Region | undefined {
  for (const region of planned.regions) {
    if (address >= region.start && address + length <= region.end) return region;
  }
  const stray = planned.strays.get(address);
  // What was met there before may have been shorter: a `_PyCFrame`.
  return stray !== undefined && address + length <= stray.end ? stray : undefined;
}

function isInChunk(track: ThreadTrack, address: Address): boolean {
  return track.chunks.some((chunk) => address >= chunk.address && address < chunk.address + chunk.used);
}

/** Bytes from the start of a struct to the end of the last of its fields that a walk needs. */
function endOf(fields: Layout["threadState"], pointerSize: number): number {
  return (
    Math.max(
      fields.next,
      fields.interp,
      fields.frame,
      fields.cframe,
      fields.current_frame,
      fields.thread_id,
      fields.native_thread_id,
      fields.datastack_chunk,
      fields.datastack_top,
      fields.status,
    ) + pointerSize
  );
}
