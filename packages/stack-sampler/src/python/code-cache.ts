import { ABSENT, bytecodeCopySlot, type Layout, linePosition, lookUpLine } from "@pyspy/cpython-layouts";
import type { Address, MemoryReader, ScatterRead } from "@pyspy/proc-memory";
import type { BatchBuilder } from "../intern/batch-builder.js";
import type { FrameId, FunctionId } from "../sample-batch.js";
import { type CodeObject, CodeObjectReader } from "./code-object.js";
import { type CodeCount, CodeWatch, type Watched } from "./code-watch.js";
import { UNREADABLE } from "./remote-text.js";
import { TargetWords } from "./target-words.js";

/** The frame of a code object that is no function of anyone's: nothing is shown for it. */
export const HIDDEN: FrameId = -1;

/** One a thread that has run the code. */
const MAX_BYTECODE_COPIES = 1 << 16;
/** Code objects that are remembered although no stack of late has had them. */
const MOST_ENTRIES = 1 << 15;
/** The frames of instructions further into the code are in a map instead of an array. */
const MOST_INDEXED_INSTRUCTIONS = 1 << 16;

/**
 * What has been learned of code objects, by their address.
 *
 * A code object never changes while it lives, but its address is used again when it has died, and no function must ever be
 * shown under another one's name. So every read of stacks also brings what tells one code object from another, and
 * what is not what it was is forgotten ({@link CodeWatch}). One that is met for the first time may have taken the place of
 * the one that the stack ran: it is believed from the next read on ({@link hasLearnt}).
 */
export class CodeCache {
  /** Another number whenever something that was known does not hold any more. */
  epoch = 0;
  /** Set by {@link frame} when it was asked for what the last read has not vouched for. */
  hasLearnt = false;
  /** Set by {@link frame} when there was no code object where it was asked for one. */
  hasMissed = false;
  readonly #entries = new Map<Address, CodeEntry>();
  readonly #watch: CodeWatch<CodeEntry>;
  readonly #memory: MemoryReader;
  readonly #layout: Layout;
  readonly #words: TargetWords;
  readonly #objects: CodeObjectReader;
  readonly #builder: BatchBuilder;
  readonly #functions = new Map<string, FunctionId>();
  readonly #isIndex: boolean;

  constructor(memory: MemoryReader, layout: Layout, builder: BatchBuilder) {
    this.#memory = memory;
    this.#layout = layout;
    this.#words = new TargetWords(memory, layout.pointerSize);
    this.#objects = new CodeObjectReader(memory, layout);
    this.#watch = new CodeWatch(codeCount(layout));
    this.#builder = builder;
    this.#isIndex = layout.frame.instructionKind.startsWith("lasti");
  }

  /** Another number whenever a read has to bring something else. */
  get revision(): number {
    return this.#watch.revision;
  }

  /** Adds what tells whether the code objects of these interpreters are what they were. It has to be read after the stacks. */
  plan(plan: ScatterRead, interpreters: readonly { readonly address: Address }[]): void {
    this.#watch.plan(plan, interpreters);
  }

  /** Forgets what the read has shown to be something else. */
  check(plan: ScatterRead): void {
    const hasChanged = this.#watch.check(plan, (entry) => {
      if (this.#entries.get(entry.address) === entry) this.#entries.delete(entry.address);
    });
    if (hasChanged || this.#watch.chooses()) this.epoch += 1;
  }

  /** The frame of `code` at `instruction` (the frame's instruction field); {@link HIDDEN} if none is to be shown. */
  frame(code: Address, instruction: number): FrameId {
    const entry = this.#entry(code);
    if (entry === undefined) {
      this.hasMissed = true;
      return this.#builder.namedFrame(UNREADABLE, "python");
    }
    entry.lastUsed = this.#watch.read;
    if (entry.function === HIDDEN) return HIDDEN;
    const index = this.#isIndex ? instruction : (instruction - code) / 2;
    if (index >= 0 && index < entry.frames.length) {
      const known = entry.frames[index] as number;
      if (known > 0) return known - 1;
    } else {
      const known = entry.otherFrames.get(instruction);
      if (known !== undefined) return known;
    }
    return this.#locate(entry, instruction, index);
  }

  /** Whether `code`, which has been asked for, is that of a generator or a coroutine. */
  isGenerator(code: Address): boolean {
    return this.#entries.get(code)?.isGenerator === true;
  }

  /** Forgets everything: the ids that were given have ended. */
  clear(): void {
    this.#entries.clear();
    this.#watch.clear();
    this.#functions.clear();
    this.epoch += 1;
  }

  #entry(code: Address): CodeEntry | undefined {
    const known = this.#entries.get(code);
    if (known !== undefined) {
      if (this.#watch.holds(known)) return known;
      if (known.isWatched && known.since === this.#watch.read) {
        this.hasLearnt = true;
        return known;
      }
      // Read after the stack, so the same as ever means the same then.
      if (this.#watch.isUnchanged(known, this.#memory)) {
        if (!known.isWatched) this.#watch.add(known);
        return known;
      }
    }
    return this.#learn(code);
  }

  #learn(address: Address): CodeEntry | undefined {
    this.#entries.delete(address);
    const object = this.#objects.read(address);
    if (object === undefined) return undefined;
    if (this.#entries.size >= MOST_ENTRIES) this.#forgetUnwatched();
    const entry: CodeEntry = {
      address,
      identity: object.identity,
      isWatched: false,
      since: 0,
      lastUsed: 0,
      function: isHidden(object) ? HIDDEN : this.#function(object),
      firstLine: object.firstLine,
      isGenerator: object.isGenerator,
      lineTable: object.lineTable,
      frames: new Int32Array(16),
      otherFrames: new Map(),
      places: new Map(),
    };
    this.#entries.set(address, entry);
    this.#watch.add(entry);
    this.hasLearnt = true;
    return entry;
  }

  #forgetUnwatched(): void {
    for (const [address, { isWatched }] of this.#entries) if (!isWatched) this.#entries.delete(address);
  }

  #locate(entry: CodeEntry, instruction: number, index: number): FrameId {
    const { lineTableKind } = this.#layout.code;
    const bytecode = this.#bytecodeAround(entry.address, instruction);
    const position = linePosition(this.#layout, instruction, entry.address, bytecode);
    const at = lookUpLine(lineTableKind, entry.lineTable, entry.firstLine, position);
    const key = `${at.line}:${at.column}:${at.endLine}:${at.endColumn}`;
    let frame = entry.places.get(key);
    if (frame === undefined) {
      frame = this.#builder.addFrame(entry.function, at.line, at.column, at.endLine, at.endColumn);
      entry.places.set(key, frame);
    }
    if (index >= 0 && index < MOST_INDEXED_INSTRUCTIONS && Number.isInteger(index)) {
      if (index >= entry.frames.length) entry.frames = withRoomFor(index, entry.frames);
      entry.frames[index] = frame + 1;
    } else entry.otherFrames.set(instruction, frame);
    return frame;
  }

  /** Where the copy of the bytecode starts that `instruction` is in; undefined if there is only the one in the code object. */
  #bytecodeAround(code: Address, instruction: number): Address | undefined {
    const { co_tlbc } = this.#layout.code;
    const copies = co_tlbc === ABSENT ? 0 : (this.#words.read(code + co_tlbc) ?? 0);
    if (copies === 0) return undefined;
    const count = Math.min(this.#words.read(copies) ?? 0, MAX_BYTECODE_COPIES);
    let nearest: Address | undefined;
    for (let index = 0; index < count; index++) {
      const start = this.#words.read(bytecodeCopySlot(this.#layout, copies, index)) ?? 0;
      if (start !== 0 && start <= instruction && start > (nearest ?? 0)) nearest = start;
    }
    return nearest;
  }

  /** One function for all code objects that say the same of themselves: a `def` that runs again makes a new code object. */
  #function({
    name,
    qualname,
    file,
    firstLine,
  }: Pick<CodeObject, "name" | "qualname" | "file" | "firstLine">): FunctionId {
    const key = `${firstLine}\0${qualname}\0${name}\0${file}`;
    let id = this.#functions.get(key);
    if (id === undefined) {
      id = this.#builder.addFunction({ name, qualname, file, module: "", firstLine, kind: "python" });
      this.#functions.set(key, id);
    }
    return id;
  }
}

interface CodeEntry extends Watched {
  readonly address: Address;
  readonly function: FunctionId;
  readonly firstLine: number;
  readonly isGenerator: boolean;
  readonly lineTable: Uint8Array;
  /** Frame + 1 by instruction: its index, or its distance from the code object in units of two bytes. */
  frames: Int32Array;
  readonly otherFrames: Map<number, FrameId>;
  /** By what is shown: instructions of one expression share their frame. */
  readonly places: Map<string, FrameId>;
}

function codeCount({ interpreter }: Layout): CodeCount | undefined {
  const { code_object_generation, func_state_next_version } = interpreter;
  if (code_object_generation !== ABSENT)
    return { offset: code_object_generation, length: 8, endsAtZero: false };
  if (func_state_next_version === ABSENT) return undefined;
  return { offset: func_state_next_version, length: 4, endsAtZero: true };
}

/** The interpreter's own stepping stones between C and Python (3.12+), and the frame that finishes an `__init__` (3.13+). */
function isHidden({ name, file }: CodeObject): boolean {
  return file === "<shim>" || (file === "__init__" && name === "__init__") || (file === "" && name === "");
}

function withRoomFor(index: number, frames: Int32Array): Int32Array {
  const larger = new Int32Array(Math.max(index + 1, frames.length * 2));
  larger.set(frames);
  return larger;
}
