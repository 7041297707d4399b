import {
  ABSENT,
  attributeSources,
  bytesHeader,
  DICT_KEYS_READ_SIZE,
  type DictEntry,
  type DictTable,
  decodeAttributeSource,
  decodeDictEntries,
  decodeType,
  dictHeader,
  dictKeysTable,
  type Layout,
  OBJECT_READ_SIZE,
  type TypeHeader,
  typeAddress,
  unicodeHeader,
} from "@pyspy/cpython-layouts";
import { type Address, type MemoryReader, ScatterRead } from "@pyspy/proc-memory";
import { readText } from "./remote-text.js";

/** No dict that is looked into has more; what claims to is memory that has been reused. */
const MAX_TABLE_BYTES = 1 << 22;
/** Keys that are compared with one system call. */
const KEYS_AT_A_TIME = 512;

/** Looks into dicts and instances of another process. Buffers are used again, which halves what a look costs. */
export class RemoteDicts {
  readonly #memory: MemoryReader;
  readonly #layout: Layout;
  readonly #keys = new ScatterRead(KEYS_AT_A_TIME, 1 << 16);
  readonly #header = new Uint8Array(OBJECT_READ_SIZE);
  readonly #table = new ReusedBuffer();
  readonly #values = new ReusedBuffer();
  readonly #type: Uint8Array;
  readonly #types = new Map<Address, TypeHeader | undefined>();
  /** The key that a name was last found to be: names of attributes are interned. */
  readonly #knownKeys = new Map<string, Address>();

  constructor(memory: MemoryReader, layout: Layout) {
    this.#memory = memory;
    this.#layout = layout;
    this.#type = new Uint8Array(layout.type.size);
  }

  /** The items of a dict; undefined if it cannot be read. */
  entries(dict: Address): DictEntry[] | undefined {
    const header = dictHeader(this.#layout, this.#read(dict));
    if (header === undefined) return undefined;
    if (header.keys === undefined) return header.table && this.#entriesOf(0, header.table);
    const table = this.#tableOf(header.keys);
    return table && this.#entriesOf(header.keys, table, header.values);
  }

  /** How many items a dict has; 0 if it cannot be read. */
  sizeOf(dict: Address): number {
    return dictHeader(this.#layout, this.#read(dict))?.used ?? 0;
  }

  /** The value of a dict's item whose key is the string `name`, which has to be ASCII; undefined if there is none. */
  item(dict: Address, name: string): Address | undefined {
    return this.#find(this.entries(dict), name);
  }

  /** The value of an instance's attribute, without looking at its class; undefined if there is none. */
  attribute(object: Address, name: string): Address | undefined {
    const layout = this.#layout;
    const type = typeAddress(layout, this.#read(object));
    const header = type === undefined ? undefined : this.#typeAt(type);
    if (header === undefined) return undefined;
    for (const source of attributeSources(layout, header, object)) {
      const store = decodeAttributeSource(layout, source, this.#read(source.address));
      if (store === undefined) continue;
      if (store.kind === "dict") return this.item(store.address, name);
      const table = header.cachedKeys === 0 ? undefined : this.#tableOf(header.cachedKeys);
      return table && this.#find(this.#entriesOf(header.cachedKeys, table, store.address), name);
    }
    return undefined;
  }

  /**
   * Forgets what it has learned of types and keys, which is to be done now and then: their memory can be used again. Looking
   * into the tenth object of a class costs a third of looking into the first.
   */
  forget(): void {
    this.#types.clear();
    this.#knownKeys.clear();
  }

  #typeAt(address: Address): TypeHeader | undefined {
    let header = this.#types.get(address);
    if (header === undefined) {
      header = decodeType(this.#layout, this.#type.subarray(0, this.#memory.readInto(address, this.#type)));
      this.#types.set(address, header);
    }
    return header;
  }

  #find(entries: readonly DictEntry[] | undefined, name: string): Address | undefined {
    const known = this.#knownKeys.get(name);
    const item = known === undefined ? undefined : entries?.find(({ key }) => key === known);
    if (item !== undefined) return item.value;
    const { unicode, bytes } = this.#layout;
    const size = Math.max(unicode.asciiData, unicode.compactData, bytes.ob_sval) + name.length;
    const plan = this.#keys;
    for (let first = 0; entries !== undefined && first < entries.length; ) {
      const chunk = entries.slice(first, first + KEYS_AT_A_TIME);
      plan.clear();
      for (const { key } of chunk) plan.add(key, size);
      this.#memory.readScatter(plan);
      for (const [range, { key, value }] of chunk.entries()) {
        const start = plan.offsetOf(range);
        // A key may be so near to the end of what is mapped that it is shorter than this.
        const isFound = plan.isRead(range)
          ? this.#isText(key, plan.bytes.subarray(start, start + size), name)
          : readText(this.#memory, this.#layout, key) === name;
        if (isFound) {
          this.#knownKeys.set(name, key);
          return value;
        }
        first += 1;
        if (!plan.isRead(range)) break;
      }
    }
    return undefined;
  }

  #isText(address: Address, object: Uint8Array, text: string): boolean {
    const hasByteStrings = this.#layout.unicode.length === ABSENT;
    const header = hasByteStrings ? bytesHeader(this.#layout, object) : unicodeHeader(this.#layout, object);
    if (header?.byteLength !== text.length) return false;
    if (header.dataAddress !== undefined) return readText(this.#memory, this.#layout, address) === text;
    for (let index = 0; index < text.length; index++) {
      if (object[header.dataOffset + index] !== text.charCodeAt(index)) return false;
    }
    return true;
  }

  #tableOf(keys: Address): DictTable | undefined {
    return dictKeysTable(this.#layout, this.#read(keys).subarray(0, DICT_KEYS_READ_SIZE));
  }

  #entriesOf(keys: Address, table: DictTable, values?: Address): DictEntry[] | undefined {
    if (table.byteLength > MAX_TABLE_BYTES) return undefined;
    const data = this.#table.read(
      this.#memory,
      table.dataAddress ?? keys + table.dataOffset,
      table.byteLength,
    );
    const own =
      values === undefined
        ? undefined
        : this.#values.read(this.#memory, values, table.length * this.#layout.pointerSize);
    return decodeDictEntries(this.#layout, table, data, own);
  }

  /** The beginning of something, as far as it can be read, until the next call. */
  #read(address: Address): Uint8Array {
    return this.#header.subarray(0, this.#memory.readInto(address, this.#header));
  }
}

/** Bytes that are read into the same memory each time: to read into new memory takes twice as long. */
class ReusedBuffer {
  #bytes = new Uint8Array(4096);

  /** As many of `length` bytes as can be read, until the next call. */
  read(memory: MemoryReader, address: Address, length: number): Uint8Array {
    if (length > this.#bytes.length) this.#bytes = new Uint8Array(2 * length);
    const part = this.#bytes.subarray(0, length);
    return part.subarray(0, memory.readInto(address, part));
  }
}
