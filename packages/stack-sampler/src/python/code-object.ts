import { ABSENT, type Layout } from "@pyspy/cpython-layouts";
import { type Address, type MemoryReader, ScatterRead } from "@pyspy/proc-memory";
import { readBytes, readText, UNREADABLE } from "./remote-text.js";
import { TargetWords } from "./target-words.js";

/** `CO_GENERATOR`, `CO_COROUTINE` and `CO_ASYNC_GENERATOR` (Include/cpython/code.h). */
const GENERATOR_FLAGS = 0x20 | 0x80 | 0x200;

/** What a code object says of itself. */
export interface CodeObject {
  readonly name: string;
  readonly qualname: string;
  readonly file: string;
  readonly firstLine: number;
  /** Of a generator, a coroutine or an asynchronous generator: its frame has a caller only while it runs. */
  readonly isGenerator: boolean;
  readonly lineTable: Uint8Array;
  /** What tells it from another one at the same address. */
  readonly identity: readonly IdentityPart[];
}

/** Bytes of the target that stay as they are while the object lives. */
export interface IdentityPart {
  readonly address: Address;
  readonly words: Uint32Array;
}

/** Reads code objects. */
export class CodeObjectReader {
  readonly #memory: MemoryReader;
  readonly #layout: Layout;
  readonly #words: TargetWords;
  readonly #object: ScatterRead;
  /** The type of code objects; 0 until the first one has been read. */
  #codeType: Address = 0;

  constructor(memory: MemoryReader, layout: Layout) {
    this.#memory = memory;
    this.#layout = layout;
    this.#words = new TargetWords(memory, layout.pointerSize);
    this.#object = new ScatterRead(1, layout.code.size);
  }

  /** What is at `address`; undefined if that is no code object, or cannot be read. */
  read(address: Address): CodeObject | undefined {
    const { code, object } = this.#layout;
    const { bytes, view, u32 } = this.#object;
    const struct = bytes.subarray(0, code.size);
    if (this.#memory.readInto(address, struct) < struct.length) return undefined;
    if (!this.#isCodeType(this.#words.at(view, object.ob_type))) return undefined;
    const [offset, end] = identityRange(this.#layout);
    const identity: IdentityPart[] = [{ address: address + offset, words: u32.slice(offset / 4, end / 4) }];
    const nameAddress = this.#words.at(view, code.co_name);
    const fileAddress = this.#words.at(view, code.co_filename);
    const qualnameAddress =
      code.co_qualname === ABSENT ? nameAddress : this.#words.at(view, code.co_qualname);
    const tableAddress = this.#words.at(view, code.linetable);
    const firstLine = view.getInt32(code.co_firstlineno, true);
    const hasVersion = code.co_version !== ABSENT && view.getUint32(code.co_version, true) !== 0;
    if (!hasVersion) identity.push(this.#nameStart(qualnameAddress), this.#nameStart(fileAddress));

    const name = readText(this.#memory, this.#layout, nameAddress) ?? UNREADABLE;
    const qualname =
      qualnameAddress === nameAddress ? name : readText(this.#memory, this.#layout, qualnameAddress);
    return {
      name,
      qualname: qualname ?? name,
      file: readText(this.#memory, this.#layout, fileAddress) ?? "",
      firstLine,
      isGenerator: code.co_flags !== ABSENT && (view.getUint32(code.co_flags, true) & GENERATOR_FLAGS) !== 0,
      lineTable: readBytes(this.#memory, this.#layout, tableAddress) ?? new Uint8Array(0),
      identity,
    };
  }

  /** What tells one name from another: its header with length and hash, and where its text starts; not the reference count. */
  #nameStart(address: Address): IdentityPart {
    const { object, unicode, bytes } = this.#layout;
    const start = address + object.ob_type;
    const end = unicode.length === ABSENT ? bytes.ob_sval : unicode.asciiData;
    const words = new Uint32Array((end - object.ob_type) / 4);
    const target = new Uint8Array(words.buffer);
    const isRead = this.#memory.readInto(start, target) === target.length;
    // What cannot be read is not known to be the same: it is looked at again.
    return { address: start, words: isRead ? words : new Uint32Array(0) };
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
}

/** The part of a code object that holds its numbers, its version among them, and the pointers to its names and tables. */
function identityRange({ code, pointerSize }: Layout): [offset: number, end: number] {
  const fields = [
    code.co_argcount,
    code.co_firstlineno,
    code.co_filename,
    code.co_name,
    code.co_qualname,
    code.linetable,
  ].filter((offset) => offset !== ABSENT);
  return [Math.min(...fields), Math.max(...fields) + pointerSize];
}
