import {
  ABSENT,
  attributeSources,
  bytesHeader,
  DICT_KEYS_READ_SIZE,
  type DictEntry,
  type DictTable,
  decodeAttributeSource,
  decodeByteString,
  decodeDictEntries,
  decodeText,
  decodeType,
  dictHeader,
  dictKeysTable,
  type Layout,
  OBJECT_READ_SIZE,
  typeAddress,
  unicodeHeader,
} from "@pyspy/cpython-layouts";
import { type Address, type MemoryReader, ScatterRead } from "@pyspy/proc-memory";
import { readText, readUpTo } from "./remote-text.js";

/** No dict that is looked into has more; what claims to is memory that has been reused. */
const MAX_TABLE_BYTES = 1 << 22;
/** Keys that are compared with one system call. */
const KEYS_AT_A_TIME = 512;

/** The items of a dict; undefined if it cannot be read. */
export function readDict(memory: MemoryReader, layout: Layout, dict: Address): DictEntry[] | undefined {
  const header = dictHeader(layout, readUpTo(memory, dict, OBJECT_READ_SIZE));
  if (header === undefined) return undefined;
  if (header.keys === undefined) return header.table && readEntries(memory, layout, 0, header.table);
  const table = readKeys(memory, layout, header.keys);
  return table && readEntries(memory, layout, header.keys, table, header.values);
}

/** The value of an instance's attribute, without looking at its class; undefined if there is none or it cannot be read. */
export function readAttribute(
  memory: MemoryReader,
  layout: Layout,
  object: Address,
  name: string,
): Address | undefined {
  const type = typeAddress(layout, readUpTo(memory, object, layout.object.size));
  const header = type && decodeType(layout, readUpTo(memory, type, layout.type.size));
  if (!header) return undefined;
  for (const source of attributeSources(layout, header, object)) {
    const store = decodeAttributeSource(layout, source, readUpTo(memory, source.address, 8));
    if (store === undefined) continue;
    if (store.kind === "dict") return findItem(memory, layout, readDict(memory, layout, store.address), name);
    const table = readKeys(memory, layout, header.cachedKeys);
    const entries = table && readEntries(memory, layout, header.cachedKeys, table, store.address);
    return findItem(memory, layout, entries, name);
  }
  return undefined;
}

/** The value of the item whose key is the string `name`, which has to be ASCII. */
export function findItem(
  memory: MemoryReader,
  layout: Layout,
  entries: readonly DictEntry[] | undefined,
  name: string,
): Address | undefined {
  const { unicode, bytes } = layout;
  const size = Math.max(unicode.asciiData, unicode.compactData, bytes.ob_sval) + name.length;
  const plan = new ScatterRead(KEYS_AT_A_TIME, 0);
  for (let first = 0; entries !== undefined && first < entries.length; ) {
    const chunk = entries.slice(first, first + KEYS_AT_A_TIME);
    plan.clear();
    for (const { key } of chunk) plan.add(key, size);
    memory.readScatter(plan);
    for (const [range, { key, value }] of chunk.entries()) {
      const isRead = plan.isRead(range);
      const start = plan.offsetOf(range);
      if (
        isRead
          ? isText(memory, layout, key, plan.bytes.subarray(start, start + size), name)
          : readText(memory, layout, key) === name
      )
        return value;
      first += 1;
      // It may be at the end of what is mapped; those behind it have to be read again.
      if (!isRead) break;
    }
  }
  return undefined;
}

function isText(
  memory: MemoryReader,
  layout: Layout,
  address: Address,
  object: Uint8Array,
  text: string,
): boolean {
  const hasByteStrings = layout.unicode.length === ABSENT;
  const header = hasByteStrings ? bytesHeader(layout, object) : unicodeHeader(layout, object);
  if (header?.byteLength !== text.length) return false;
  if (header.dataAddress !== undefined) return readText(memory, layout, address) === text;
  const data = object.subarray(header.dataOffset, header.dataOffset + header.byteLength);
  return (hasByteStrings ? decodeByteString(data) : decodeText({ kind: 1 }, data)) === text;
}

function readKeys(memory: MemoryReader, layout: Layout, keys: Address): DictTable | undefined {
  return keys === 0 ? undefined : dictKeysTable(layout, readUpTo(memory, keys, DICT_KEYS_READ_SIZE));
}

function readEntries(
  memory: MemoryReader,
  layout: Layout,
  keys: Address,
  table: DictTable,
  values?: Address,
): DictEntry[] | undefined {
  if (table.byteLength > MAX_TABLE_BYTES) return undefined;
  const data = readUpTo(memory, table.dataAddress ?? keys + table.dataOffset, table.byteLength);
  const own = values === undefined ? undefined : readUpTo(memory, values, table.length * layout.pointerSize);
  return decodeDictEntries(layout, table, data, own);
}
