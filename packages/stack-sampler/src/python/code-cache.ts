import { ABSENT, bytecodeCopySlot, type Layout, linePosition, lookUpLine } from "@pyspy/cpython-layouts";
import type { Address, MemoryReader } from "@pyspy/proc-memory";
import { ScatterRead } from "@pyspy/proc-memory";
import type { BatchBuilder } from "../intern/batch-builder.js";
import type { FrameId, FunctionId } from "../sample-batch.js";
import { readBytes, readText, UNREADABLE } from "./remote-text.js";
import { TargetWords } from "./target-words.js";

/** The frame of a code object that is no function of anyone's: nothing is shown for it. */
export const HIDDEN: FrameId = -1;

/** One a thread that has run the code. */
const MAX_BYTECODE_COPIES = 1 << 16;

/**
 * What has been learned of code objects, by their address.
 *
 * A code object never changes while it lives, but its address is used again when it has died. So {@link revalidate} reads
 * again what tells one code object from another (its numbers and pointers, and the start of its names, hashes included)
 * and forgets those that are not what they were.
 */
export class CodeCache {
  readonly #entries = new Map<Address, CodeEntry>();
  readonly #check = new ScatterRead(64, 8192);
  readonly #memory: MemoryReader;
  readonly #layout: Layout;
  readonly #words: TargetWords;
  readonly #builder: BatchBuilder;
  readonly #functions = new Map<string, FunctionId>();
  readonly #identity: { readonly offset: number; readonly length: number };
  /** The type of code objects; 0 until the first one has been read. */
  #codeType: Address = 0;
  #round = 0;
  #unreadable: FrameId | undefined;

  constructor(memory: MemoryReader, layout: Layout, builder: BatchBuilder) {
    this.#memory = memory;
    this.#layout = layout;
    this.#words = new TargetWords(memory, layout.pointerSize);
    this.#builder = builder;
    this.#identity = identityRange(layout);
  }

  /** Starts a round: every code object is looked at once more before it is believed. */
  beginRound(): void {
    this.#round += 1;
  }

  /**
   * Compares the known ones of the first `count` code objects in `codes` with what is in the target now, in one read,
   * and forgets those that have been replaced.
   */
  revalidate(codes: Float64Array, count: number): void {
    const plan = this.#check;
    plan.clear();
    const entries: CodeEntry[] = [];
    for (let index = 0; index < count; index++) {
      const entry = this.#entries.get(codes[index] as number);
      if (entry === undefined || entry.round === this.#round) continue;
      entry.round = this.#round;
      entries.push(entry);
      for (const part of entry.parts) plan.add(part.address, part.bytes.length);
    }
    if (entries.length === 0) return;
    this.#memory.readScatter(plan);
    let range = 0;
    for (const entry of entries) {
      for (const part of entry.parts) {
        if (!plan.isRead(range) || !sameBytes(plan.bytes, plan.offsetOf(range), part.bytes)) {
          this.#entries.delete(entry.address);
        }
        range += 1;
      }
    }
  }

  /** The frame of `code` at `instruction` (the frame's instruction field); {@link HIDDEN} if none is to be shown. */
  frame(code: Address, instruction: number): FrameId {
    let entry = this.#entries.get(code);
    if (entry === undefined) {
      entry = this.#read(code);
      if (entry === undefined) return this.#unreadableFrame();
      this.#entries.set(code, entry);
    }
    if (entry.function === HIDDEN) return HIDDEN;
    return entry.frames.get(instruction) ?? this.#locate(entry, instruction);
  }

  #locate(entry: CodeEntry, instruction: number): FrameId {
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
    entry.frames.set(instruction, frame);
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

  #read(address: Address): CodeEntry | undefined {
    const { code, object } = this.#layout;
    const bytes = new Uint8Array(code.size);
    if (this.#memory.readInto(address, bytes) < bytes.length) return undefined;
    const view = new DataView(bytes.buffer);
    if (!this.#isCodeType(this.#words.at(view, object.ob_type))) return undefined;

    const nameAddress = this.#words.at(view, code.co_name);
    const fileAddress = this.#words.at(view, code.co_filename);
    const qualnameAddress =
      code.co_qualname === ABSENT ? nameAddress : this.#words.at(view, code.co_qualname);
    const { offset, length } = this.#identity;
    const parts = [
      { address: address + offset, bytes: bytes.slice(offset, offset + length) },
      this.#nameStart(qualnameAddress),
      this.#nameStart(fileAddress),
    ];

    const name = readText(this.#memory, this.#layout, nameAddress) ?? UNREADABLE;
    const file = readText(this.#memory, this.#layout, fileAddress) ?? "";
    const firstLine = view.getInt32(code.co_firstlineno, true);
    const entry: CodeEntry = {
      address,
      round: this.#round,
      parts,
      function: HIDDEN,
      firstLine,
      lineTable: new Uint8Array(0),
      frames: new Map(),
      places: new Map(),
    };
    if (isHidden(name, file)) return entry;
    const qualname =
      (qualnameAddress === nameAddress ? name : readText(this.#memory, this.#layout, qualnameAddress)) ??
      name;
    entry.lineTable =
      readBytes(this.#memory, this.#layout, this.#words.at(view, code.linetable)) ?? entry.lineTable;
    entry.function = this.#function(name, qualname, file, firstLine);
    return entry;
  }

  /** What tells one name from another: its header with length and hash, and where its text starts; not the reference count. */
  #nameStart(address: Address): { address: Address; bytes: Uint8Array } {
    const { object, unicode, bytes } = this.#layout;
    const start = address + object.ob_type;
    const words = new Uint8Array(unicode.length === ABSENT ? bytes.ob_sval : unicode.asciiData);
    return { address: start, bytes: words.subarray(0, this.#memory.readInto(start, words)) };
  }

  /** One function for all code objects that say the same of themselves: a `def` that runs again makes a new code object. */
  #function(name: string, qualname: string, file: string, firstLine: number): FunctionId {
    const key = `${firstLine}\0${qualname}\0${name}\0${file}`;
    let id = this.#functions.get(key);
    if (id === undefined) {
      id = this.#builder.addFunction({ name, qualname, file, module: "", firstLine, kind: "python" });
      this.#functions.set(key, id);
    }
    return id;
  }

  /** Code objects all have one type, whose name is "code"; it is read once. */
  #isCodeType(type: Address): boolean {
    if (this.#codeType !== 0) return type === this.#codeType;
    const nameAddress = this.#words.read(type + this.#layout.type.tp_name);
    const name = new Uint8Array(5);
    if (nameAddress === undefined || this.#memory.readInto(nameAddress, name) < name.length) return false;
    if (String.fromCharCode(...name) !== "code\0") return false;
    this.#codeType = type;
    return true;
  }

  #unreadableFrame(): FrameId {
    this.#unreadable ??= this.#builder.addFrame(this.#function(UNREADABLE, UNREADABLE, "", 0), 0, 0, 0, 0);
    return this.#unreadable;
  }
}

interface CodeEntry {
  readonly address: Address;
  round: number;
  /** What tells this code object from another one at the same address. */
  readonly parts: readonly { readonly address: Address; readonly bytes: Uint8Array }[];
  function: FunctionId;
  readonly firstLine: number;
  lineTable: Uint8Array;
  /** By the frame's instruction field. */
  readonly frames: Map<number, FrameId>;
  /** By what is shown: instructions of one expression share their frame. */
  readonly places: Map<string, FrameId>;
}

/** The part of a code object that holds its numbers and the pointers to its names and tables. */
function identityRange(layout: Layout): { offset: number; length: number } {
  const { code } = layout;
  const fields = [
    code.co_argcount,
    code.co_firstlineno,
    code.co_filename,
    code.co_name,
    code.co_qualname,
    code.linetable,
  ];
  const present = fields.filter((offset) => offset !== ABSENT);
  const offset = Math.min(...present);
  return { offset, length: Math.max(...present) + layout.pointerSize - offset };
}

/** The interpreter's own stepping stones between C and Python (3.12+), and the frame that finishes an `__init__` (3.13+). */
function isHidden(name: string, file: string): boolean {
  return file === "<shim>" || (file === "__init__" && name === "__init__") || (file === "" && name === "");
}

/** What could not be read once is not known to be the same: it is looked at again. */
function sameBytes(bytes: Uint8Array, offset: number, expected: Uint8Array): boolean {
  if (expected.length === 0) return false;
  for (let index = 0; index < expected.length; index++) {
    if (bytes[offset + index] !== expected[index]) return false;
  }
  return true;
}
