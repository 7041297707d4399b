/**
 * Dicts have had four kinds of tables:
 *
 *     2.x       dict ─► slots {hash, key, value}, in the order of their hashes
 *     3.3–3.5   dict ─► keys: header, slots {hash, key, value}
 *     3.6–3.10  dict ─► keys: header, indices, entries {hash, key, value} in the order of insertion
 *     3.11+     dict ─► keys: header, indices, entries {hash, key, value}, or {key, value} if all keys are strings
 *
 * and since 3.3 the dicts of instances can share their keys, with an array of values each. They are read in steps: the
 * dict says where its keys are, the keys say what their entries look like, and the entries say the rest.
 */
import { ABSENT, type Layout } from "../layout.js";
import { type DataLocation, isPlausible, viewOf, wordAt } from "../object-view.js";

/** What a dict says about its table. */
export interface DictHeader {
  /** Number of items. */
  readonly used: number;
  /** Address of the keys object (3.3+); {@link dictKeysTable} knows it. */
  readonly keys: number | undefined;
  /** The table itself (2.x). */
  readonly table: DictTable | undefined;
  /** Address of the values, in the order of the entries, if the dict shares its keys. */
  readonly values: number | undefined;
}

/** Entries of a dict: the data, and where in an entry things are. */
export interface DictTable extends DataLocation {
  readonly length: number;
  readonly entrySize: number;
  readonly keyOffset: number;
  readonly valueOffset: number;
}

/** An item of a dict, by the addresses of its key and its value. */
export interface DictEntry {
  readonly key: number;
  readonly value: number;
}

/** How many bytes of a keys object {@link dictKeysTable} wants. */
export const DICT_KEYS_READ_SIZE = 64;

/**
 * The header of a dict.
 *
 * @param object - bytes of the object from its start; `OBJECT_READ_SIZE` are enough
 * @returns undefined if these bytes are not a dict, or too few
 */
export function dictHeader(layout: Layout, object: Uint8Array): DictHeader | undefined {
  const { ma_used, ma_keys, ma_values, values } = layout.dict;
  if (ma_keys === ABSENT) return dict2Header(layout, object);
  if (object.length < ma_values + layout.pointerSize) return undefined;
  const view = viewOf(object);
  const split = wordAt(layout, view, ma_values);
  return {
    used: wordAt(layout, view, ma_used),
    keys: wordAt(layout, view, ma_keys),
    table: undefined,
    values: split === 0 ? undefined : split + values,
  };
}

function dict2Header(layout: Layout, object: Uint8Array): DictHeader | undefined {
  const { ma_used, ma_table, ma_mask } = layout.dict;
  if (object.length < ma_table + layout.pointerSize) return undefined;
  const view = viewOf(object);
  const sizeOf = (offset: number): number =>
    layout.object.ob_size_width === 4 ? view.getUint32(offset, true) : wordAt(layout, view, offset);
  const table = tableOf(layout, sizeOf(ma_mask) + 1, 3, ABSENT, wordAt(layout, view, ma_table));
  return table && { used: sizeOf(ma_used), keys: undefined, table, values: undefined };
}

/**
 * Where the entries of a keys object (3.3+) are; `dataOffset` counts from its start.
 *
 * @param keys - bytes of the keys object from its start; {@link DICT_KEYS_READ_SIZE} are enough
 * @returns undefined if these bytes are not a keys object, or too few
 */
export function dictKeysTable(layout: Layout, keys: Uint8Array): DictTable | undefined {
  const { dk_size, dk_log2_size, dk_log2_index_bytes, dk_kind, dk_nentries, header } = layout.dictKeys;
  if (header === ABSENT || keys.length < header) return undefined;
  const view = viewOf(keys);
  if (dk_log2_size !== ABSENT) {
    const hasOnlyStrings = view.getUint8(dk_kind) !== 0;
    const indexBytes = 2 ** view.getUint8(dk_log2_index_bytes);
    return tableOf(layout, wordAt(layout, view, dk_nentries), hasOnlyStrings ? 2 : 3, header + indexBytes);
  }
  const slots = wordAt(layout, view, dk_size);
  if (dk_nentries === ABSENT) return tableOf(layout, slots, 3, header);
  const indexSize = slots <= 0xff ? 1 : slots <= 0xffff ? 2 : slots <= 0xffffffff ? 4 : 8;
  return tableOf(layout, wordAt(layout, view, dk_nentries), 3, header + slots * indexSize);
}

/** A table of entries of 2 words, {key, value}, or 3, {hash, key, value}. */
function tableOf(
  { pointerSize }: Layout,
  length: number,
  words: 2 | 3,
  dataOffset: number,
  dataAddress?: number,
): DictTable | undefined {
  const entrySize = words * pointerSize;
  if (!isPlausible(length, entrySize) || dataOffset > Number.MAX_SAFE_INTEGER) return undefined;
  return {
    length,
    entrySize,
    keyOffset: entrySize - 2 * pointerSize,
    valueOffset: entrySize - pointerSize,
    byteLength: length * entrySize,
    dataOffset,
    dataAddress,
  };
}

/**
 * The items of a dict, in the order of the table: that of insertion from 3.6 on, as far as no keys are shared.
 *
 * @param table - from {@link dictKeysTable}, or from the header in 2.x
 * @param data - the table's data; if it is cut off, items are missing
 * @param values - for a dict that shares its keys, `table.length` pointers from the address that its header gives
 */
export function decodeDictEntries(
  layout: Layout,
  table: DictTable,
  data: Uint8Array,
  values?: Uint8Array,
): DictEntry[] {
  const view = viewOf(data);
  const valueView = values && viewOf(values);
  const entries: DictEntry[] = [];
  for (
    let offset = 0, index = 0;
    offset + table.entrySize <= data.length;
    offset += table.entrySize, index++
  ) {
    const key = wordAt(layout, view, offset + table.keyOffset);
    if (key === 0) continue;
    const slot = index * layout.pointerSize;
    if (valueView !== undefined && slot + layout.pointerSize > valueView.byteLength) break;
    const value =
      valueView === undefined
        ? wordAt(layout, view, offset + table.valueOffset)
        : wordAt(layout, valueView, slot);
    // A deleted item keeps its place and, up to 3.5, a key that stands for nothing.
    if (value !== 0) entries.push({ key, value });
  }
  return entries;
}
