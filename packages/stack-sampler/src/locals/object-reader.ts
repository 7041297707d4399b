import {
  ABSENT,
  bytesHeader,
  type DataLocation,
  DICT_KEYS_READ_SIZE,
  type DictEntry,
  decodeByteString,
  decodeDictEntries,
  decodeLong,
  decodePointers,
  decodeSetEntries,
  decodeText,
  dictHeader,
  dictKeysTable,
  type Layout,
  longHeader,
  OBJECT_READ_SIZE,
  setHeader,
  unicodeHeader,
} from "@pyspy/cpython-layouts";
import type { Address, MemoryReader } from "@pyspy/proc-memory";

/** Entries of a dict or set that are read at a time, at first and at most: nearly all can be empty. */
const FIRST_ENTRIES = 32;
const MOST_ENTRIES = 2048;

/**
 * Reads parts of objects. What cannot be read is shorter or missing, never an exception; and all that is read counts
 * against an allowance, so that nothing that memory claims of itself can make it read on and on.
 */
export class ObjectReader {
  readonly layout: Layout;
  /** Bytes that may still be read. */
  allowance = 0;
  readonly #memory: MemoryReader;

  constructor(memory: MemoryReader, layout: Layout) {
    this.#memory = memory;
    this.layout = layout;
  }

  /** As many of `length` bytes as can be read. */
  bytes(address: Address, length: number): Uint8Array {
    const wanted = Math.min(length, this.allowance);
    if (!(wanted > 0) || !(address > 0) || address + wanted > Number.MAX_SAFE_INTEGER) return NOTHING;
    const bytes = new Uint8Array(wanted);
    const count = this.#memory.readInto(address, bytes);
    this.allowance -= count;
    return count === wanted ? bytes : bytes.subarray(0, count);
  }

  /** The beginning of an object, enough for every header. */
  object(address: Address): Uint8Array {
    return this.bytes(address, OBJECT_READ_SIZE);
  }

  /** The pointer at an address; 0 if it cannot be read. */
  pointer(address: Address): Address {
    return decodePointers(this.layout, this.bytes(address, this.layout.pointerSize))[0] ?? 0;
  }

  /** The pointer at an offset of bytes that have been read; 0 if they end before. */
  pointerIn(bytes: Uint8Array, offset: number): Address {
    return decodePointers(this.layout, bytes.subarray(offset, offset + this.layout.pointerSize))[0] ?? 0;
  }

  /** Up to `count` pointers from an address. */
  pointers(address: Address, count: number): Address[] {
    return decodePointers(this.layout, this.bytes(address, count * this.layout.pointerSize));
  }

  /** The beginning of the data of an object of which `object` has been read. */
  data(address: Address, object: Uint8Array, location: DataLocation, limit: number): Uint8Array {
    const length = Math.min(location.byteLength, limit);
    if (location.dataAddress !== undefined) return this.bytes(location.dataAddress, length);
    const { dataOffset } = location;
    if (dataOffset + length <= object.length) return object.subarray(dataOffset, dataOffset + length);
    return this.bytes(address + dataOffset, length);
  }

  /** The text before the first NUL, of which not more than a page is read; undefined if it cannot be. */
  cString(address: Address): string | undefined {
    const bytes = this.bytes(address, 256);
    const end = bytes.indexOf(0);
    if (end < 0 && bytes.length < 256) return undefined;
    return decodeByteString(bytes.subarray(0, end < 0 ? 256 : end));
  }

  /** A name: a string, which in 2.x is one of bytes. Undefined if it is no name, or longer than `limit` bytes. */
  name(address: Address, limit = 1024): string | undefined {
    return this.text(address, this.layout.unicode.length === ABSENT ? "bytes" : "unicode", limit);
  }

  /** The text of a string; undefined if it is none, or longer than `limit` bytes. */
  text(address: Address, kind: "unicode" | "bytes", limit = 1024): string | undefined {
    const object = this.object(address);
    const header = kind === "unicode" ? unicodeHeader(this.layout, object) : undefined;
    const location = kind === "bytes" ? bytesHeader(this.layout, object) : header;
    if (location === undefined || location.byteLength > limit) return undefined;
    const data = this.data(address, object, location, limit);
    if (data.length < location.byteLength) return undefined;
    return header === undefined ? decodeByteString(data) : decodeText(header, data);
  }

  /** The value of an `int` of 3.x; undefined if it is none, or longer than 64 bytes. */
  integer(address: Address): bigint | undefined {
    const object = this.object(address);
    const header = longHeader(this.layout, object);
    return header && decodeLong(this.layout, header, this.data(address, object, header, 64));
  }

  /** The items of a dict in the order of its table. Ends where memory or the allowance does. */
  *dictEntries(address: Address, object = this.object(address)): Generator<DictEntry> {
    const header = dictHeader(this.layout, object);
    if (header === undefined) return;
    if (header.keys !== undefined) yield* this.keyedEntries(header.keys, header.values);
    else if (header.table?.dataAddress !== undefined) {
      yield* this.#tableEntries(header.table.dataAddress, header.table, undefined);
    }
  }

  /** The items of a dict's keys, with values of its own (`values`) or in the keys. */
  *keyedEntries(keys: Address, values: Address | undefined): Generator<DictEntry> {
    const table = dictKeysTable(this.layout, this.bytes(keys, DICT_KEYS_READ_SIZE));
    if (table !== undefined) yield* this.#tableEntries(keys + table.dataOffset, table, values);
  }

  *#tableEntries(
    start: Address,
    table: NonNullable<ReturnType<typeof dictKeysTable>>,
    values: Address | undefined,
  ): Generator<DictEntry> {
    const { pointerSize } = this.layout;
    let step = FIRST_ENTRIES;
    for (let index = 0; index < table.length; index += step, step = Math.min(step * 2, MOST_ENTRIES)) {
      const count = Math.min(step, table.length - index);
      const entries = this.bytes(start + index * table.entrySize, count * table.entrySize);
      const own =
        values === undefined ? undefined : this.bytes(values + index * pointerSize, count * pointerSize);
      yield* decodeDictEntries(this.layout, table, entries, own);
      if (entries.length < count * table.entrySize) return;
      if (own !== undefined && own.length < count * pointerSize) return;
    }
  }

  /** The members of a set in the order of its table. */
  *setMembers(object: Uint8Array): Generator<Address> {
    const header = setHeader(this.layout, object);
    if (header?.dataAddress === undefined) return;
    const { byteLength, dataAddress, used } = header;
    const entrySize = 2 * this.layout.pointerSize;
    // Up to 3.4 what was taken out is told apart only when all of the table is there.
    let step = this.layout.set.marksRemoved ? FIRST_ENTRIES : WHOLE_SET;
    for (
      let offset = 0;
      offset < byteLength;
      offset += step * entrySize, step = Math.min(step * 2, MOST_ENTRIES)
    ) {
      const length = Math.min(step * entrySize, byteLength - offset);
      const entries = this.bytes(dataAddress + offset, length);
      const members = decodeSetEntries(this.layout, entries);
      yield* members.length > used ? members.filter((one) => !this.#standsForNothing(one)) : members;
      if (entries.length < length) return;
    }
  }

  /** Up to 3.4: what is left where a single member was taken out. */
  #standsForNothing(address: Address): boolean {
    const object = this.object(address);
    const header = bytesHeader(this.layout, object);
    if (header?.byteLength !== DUMMY_KEY.length) return false;
    return decodeByteString(this.data(address, object, header, DUMMY_KEY.length)) === DUMMY_KEY;
  }
}

const NOTHING = new Uint8Array(0);
const DUMMY_KEY = "<dummy key>";
const WHOLE_SET = 2 ** 14;
