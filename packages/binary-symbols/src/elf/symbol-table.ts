import { type ByteSource, readExactly } from "../byte-source.js";
import type { BinarySymbol } from "../image.js";
import { encodedName, hasNameAt, StringTable } from "./string-table.js";
import { type ElfClass, readWord } from "./structures.js";
import type { SymbolHash } from "./symbol-hash.js";

const SHN_UNDEF = 0;
const SHN_LORESERVE = 0xff00;
const SHN_XINDEX = 0xffff;
const STB_LOCAL = 0;

const NAMES_AT_A_TIME = 2 ** 17;

/**
 * Symbol types that name a place in the image. STT_SECTION and STT_FILE name none, and the value of an STT_TLS
 * symbol is an offset into each thread's own storage.
 */
const KINDS: Readonly<Record<number, BinarySymbol["kind"]>> = {
  0: "other", // STT_NOTYPE
  1: "object", // STT_OBJECT
  2: "function", // STT_FUNC
  10: "function", // STT_GNU_IFUNC: the function that chooses the implementation
};

/** One symbol table: `.symtab` or `.dynsym`. */
export class SymbolTable {
  readonly #part: string;
  readonly #entries: ByteSource;
  readonly #strings: ByteSource;
  readonly #elfClass: ElfClass;
  readonly #hash: SymbolHash | undefined;
  readonly #count: () => number;
  /** Names that were searched for in vain. */
  readonly #absent = new Set<string>();
  #loaded: { readonly entries: DataView; readonly strings: Buffer } | undefined;

  constructor(
    part: string,
    elfClass: ElfClass,
    entries: ByteSource,
    strings: ByteSource,
    hash: SymbolHash | undefined,
    /** How many entries there are, where the end of `entries` does not say it. */
    count = () => Math.floor(entries.size / elfClass.sym.size),
  ) {
    this.#part = part;
    this.#elfClass = elfClass;
    this.#entries = entries;
    this.#strings = strings;
    this.#hash = hash;
    this.#count = count;
  }

  /** The definition of a name; a global one before a local one. */
  find(name: string): BinarySymbol | undefined {
    const encoded = encodedName(name);
    if (!encoded) return undefined;
    return this.#hash ? this.#findHashed(name, encoded, this.#hash) : this.#scan(name, encoded);
  }

  /** Every definition that has a name, in the table's order. */
  all(): BinarySymbol[] {
    const { entries, strings } = this.#load();
    const { size } = this.#elfClass.sym;
    const names = new StringTable(strings, `names of ${this.#part}`);
    const found: BinarySymbol[] = [];
    for (let at = 0; at + size <= entries.byteLength; at += size) {
      const symbol = decode(entries, at, this.#elfClass, (offset) => names.nameAt(offset));
      if (symbol && symbol.name !== "") found.push(symbol);
    }
    return found;
  }

  #findHashed(name: string, encoded: Buffer, hash: SymbolHash): BinarySymbol | undefined {
    const { size } = this.#elfClass.sym;
    for (const index of hash.candidates(encoded)) {
      const entry = readExactly(this.#entries, index * size, size, this.#part);
      if (!hasNameAt(this.#strings, entry.getUint32(0, true), encoded)) continue;
      const symbol = decode(entry, 0, this.#elfClass, () => name);
      if (symbol) return symbol;
    }
    return undefined;
  }

  #scan(name: string, encoded: Buffer): BinarySymbol | undefined {
    if (this.#absent.has(name)) return undefined;
    const earliest = this.#findName(encoded);
    if (earliest < 0) {
      this.#absent.add(name);
      return undefined;
    }
    const { entries, strings } = this.#load();
    const { size } = this.#elfClass.sym;
    let local: BinarySymbol | undefined;
    for (let at = 0; at + size <= entries.byteLength; at += size) {
      const nameAt = entries.getUint32(at, true);
      if (nameAt < earliest || !startsWithAt(strings, nameAt, encoded)) continue;
      const symbol = decode(entries, at, this.#elfClass, () => name);
      if (symbol?.global) return symbol;
      local ??= symbol;
    }
    return local;
  }

  /**
   * Where the strings first have a name, also as the end of a longer one; -1 if nowhere. Most names that are asked for are in no
   * table. A search through a little memory that is used again and again tells that; to have all strings of a large
   * program in memory takes five times as long.
   */
  #findName(encoded: Buffer): number {
    if (this.#loaded) return this.#loaded.strings.indexOf(encoded);
    const room = new Uint8Array(Math.min(NAMES_AT_A_TIME + encoded.length - 1, this.#strings.size));
    for (let start = 0; start < this.#strings.size; start += NAMES_AT_A_TIME) {
      const bytes = this.#strings.read(start, room.length, room);
      const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(encoded);
      if (at >= 0) return start + at;
      // All of it is read where it is missed, and told as what it is.
      if (start + bytes.length < Math.min(start + room.length, this.#strings.size)) return start;
    }
    return -1;
  }

  #load() {
    if (!this.#loaded) {
      const { size } = this.#elfClass.sym;
      const entries = readExactly(this.#entries, 0, this.#count() * size, this.#part);
      const strings = readExactly(this.#strings, 0, this.#strings.size, `names of ${this.#part}`);
      this.#loaded = {
        entries,
        strings: Buffer.from(strings.buffer, strings.byteOffset, strings.byteLength),
      };
    }
    return this.#loaded;
  }
}

function decode(
  entries: DataView,
  at: number,
  elfClass: ElfClass,
  nameAt: (offset: number) => string,
): BinarySymbol | undefined {
  const { sym } = elfClass;
  const sectionIndex = entries.getUint16(at + sym.st_shndx, true);
  if (sectionIndex === SHN_UNDEF) return undefined;
  // The reserved indices but SHN_XINDEX mark values that are no place in the image: SHN_ABS, SHN_COMMON.
  if (sectionIndex >= SHN_LORESERVE && sectionIndex !== SHN_XINDEX) return undefined;
  const info = entries.getUint8(at + sym.st_info);
  const kind = KINDS[info & 0xf];
  const imageOffset = readWord(entries, at + sym.st_value, elfClass);
  if (!kind || imageOffset > Number.MAX_SAFE_INTEGER) return undefined;
  return {
    name: nameAt(entries.getUint32(at, true)),
    imageOffset,
    size: readWord(entries, at + sym.st_size, elfClass),
    kind,
    global: info >>> 4 !== STB_LOCAL,
  };
}

function startsWithAt(bytes: Uint8Array, start: number, expected: Uint8Array): boolean {
  for (let at = 0; at < expected.length; at++) {
    if (bytes[start + at] !== expected[at]) return false;
  }
  return true;
}
