import { ABSENT, type Layout, type PythonVersion } from "../layout.js";
import type { AsyncioTaskLayout, DequeLayout, GeneratorState } from "../object-layout.js";
import type { BuildIdentity } from "./layout-of-row.js";
import type { MeasuredKey } from "./measured-key.js";
import type { MeasuredRow } from "./measured-row.js";
import { valueIn } from "./value-in.js";

type ObjectGroups =
  | "object"
  | "type"
  | "unicode"
  | "unicode2"
  | "bytes"
  | "int"
  | "float"
  | "sequence"
  | "set"
  | "dict"
  | "dictKeys"
  | "managedDict"
  | "generator"
  | "function"
  | "cell"
  | "weakReference"
  | "stackReference"
  | "deque"
  | "rawFile"
  | "library"
  | "asyncioTask";

/** The groups of {@link Layout} that are about objects. */
export function objectLayoutsOfRow(
  row: MeasuredRow,
  { version, freeThreaded, unicodeSize, isWindows }: BuildIdentity,
  pointerSize: 4 | 8,
): Pick<Layout, ObjectGroups> {
  const at = valueIn(row);
  const isPython3 = version.major === 3;
  const since = (minor: number): boolean => isPython3 && version.minor >= minor;
  const headerSize = at("sizeof.ob");
  const ob_size = at("var.ob_size");
  const ob_size_width = row["sizeof.ob_size"] === 4 ? 4 : 8;
  // 3.14 made the state's first field a byte of its own, so that it can be changed atomically.
  const hasWideUnicodeState = freeThreaded && since(14);
  const hasWstr = isPython3 && !since(12);
  const hasManagedDict = since(11);
  // 2.3 does not install a header for it, but it begins as in 2.4.
  const gi_frame = row["gen.gi_frame(obj)"] ?? (isPython3 ? ABSENT : headerSize);
  // tp_init, tp_alloc, tp_new, tp_free, tp_is_gc and tp_bases are between the two, in all versions.
  const tp_mro = at("type.tp_dictoffset") + 7 * pointerSize;
  return {
    object: { size: headerSize, ob_type: at("ob_type"), ob_size, ob_size_width },
    type: {
      size: Math.max(at("ht_cached_keys"), tp_mro) + pointerSize,
      tp_name: at("type.tp_name"),
      tp_basicsize: at("type.tp_basicsize"),
      tp_itemsize: at("type.tp_itemsize"),
      tp_flags: at("type.tp_flags"),
      tp_base: at("type.tp_base"),
      tp_dict: at("type.tp_dict"),
      tp_dictoffset: at("type.tp_dictoffset"),
      tp_mro,
      ht_cached_keys: at("ht_cached_keys"),
      hasSubclassFlags: isPython3 || version.minor >= 6,
    },
    unicode: {
      length: at("ascii.length"),
      state: at("ascii.state"),
      asciiData: at("sizeof.ascii"),
      compactData: at("sizeof.compact"),
      data: at("unicode.data.any"),
      kindShift: hasWideUnicodeState ? 8 : 2,
      compactShift: hasWideUnicodeState ? 11 : 5,
      asciiShift: hasWideUnicodeState ? 12 : 6,
      // The last field of each of the two structs.
      wstr: hasWstr ? at("sizeof.ascii") - pointerSize : ABSENT,
      wstr_length: hasWstr ? at("sizeof.compact") - pointerSize : ABSENT,
      wcharSize: isWindows ? 2 : 4,
    },
    unicode2: { length: at("unicode2.length"), str: at("unicode2.str"), unitSize: unicodeSize },
    bytes: { ob_sval: at("bytes.ob_sval", "string2.ob_sval") },
    int: {
      ob_ival: at("int2.ob_ival"),
      longSize: isWindows ? 4 : pointerSize,
      lv_tag: at("long.lv_tag"),
      // Headers of 2.x do not show this struct: its digits follow its size.
      ob_digit: row["long.ob_digit"] ?? ob_size + ob_size_width,
      ...digitsOf(row, version, pointerSize),
    },
    float: { ob_fval: at("float.ob_fval"), cval: headerSize },
    sequence: { tupleItems: at("tuple.ob_item"), listItems: at("list.ob_item") },
    set: {
      used: at("set.used"),
      mask: at("set.mask"),
      table: at("set.table"),
      entryKey: since(4) ? 0 : pointerSize,
      entryHash: since(4) ? pointerSize : 0,
      marksRemoved: since(5),
    },
    dict: {
      ma_used: at("dict.ma_used"),
      ma_table: at("dict.ma_table(2)"),
      ma_mask: at("dict.ma_mask(2)"),
      ma_keys: at("dict.ma_keys"),
      ma_values: at("dict.ma_values"),
      values: isPython3 ? (row["dvalues.values"] ?? 0) : ABSENT,
    },
    dictKeys: {
      dk_size: isPython3 && !since(11) ? pointerSize : ABSENT,
      dk_log2_size: at("keys.dk_log2_size"),
      dk_log2_index_bytes: at("keys.dk_log2_index_bytes"),
      dk_kind: at("keys.dk_kind"),
      // 3.7–3.10 do not install the header; it is that of 3.6: five words before the indices.
      dk_nentries: row["keys.dk_nentries"] ?? (since(6) ? 4 * pointerSize : ABSENT),
      header: row["keys.dk_entries"] ?? row["keys.dk_indices"] ?? (isPython3 ? 5 * pointerSize : ABSENT),
    },
    managedDict: {
      dict: hasManagedDict ? (row["MANAGED_DICT_OFFSET"] ?? -3 * pointerSize) : ABSENT,
      values: hasManagedDict && !since(12) ? -4 * pointerSize : ABSENT,
      isTagged: since(12) && !since(13),
      inlineValid: at("dvalues.valid"),
    },
    generator: {
      gi_frame,
      gi_running: gi_frame === ABSENT || since(10) ? ABSENT : gi_frame + pointerSize,
      gi_iframe: at("gen.gi_iframe"),
      gi_frame_state: at("gen.gi_frame_state"),
      gi_name: at("gen.gi_name"),
      gi_qualname: at("gen.gi_qualname"),
      states: generatorStatesOf(row),
      awaitOpcodes: awaitOpcodesOf(version),
      awaitOparg: since(11) ? 2 : 0,
      instructionSize: since(6) ? 2 : 1,
      // 3.15 keeps a second slot for the index of iteration.
      awaitedDepth: since(15) ? 2 : 1,
    },
    function: {
      func_code: at("func.func_code"),
      // After the code: globals (which 3.10 put in front), defaults, in 3.x keyword defaults.
      func_closure: at("func.func_code") + (isPython3 && !since(10) ? 4 : 3) * pointerSize,
      func_qualname: at("func.func_qualname"),
      func_module: at("func.func_module"),
    },
    cell: { ob_ref: headerSize },
    weakReference: { wr_object: headerSize },
    stackReference: {
      tagBits: since(14) ? 3 : freeThreaded ? 1 : 0,
      integerTag: since(14) ? 3 : ABSENT,
    },
    deque: dequeOf(version, headerSize, pointerSize),
    rawFile: {
      fd: headerSize,
      created: isPython3 ? 0 : ABSENT,
      readable: isPython3 ? 1 : 0,
      // Behind them and the two bits of `seekable`; 3.15 has `truncate` in front of it.
      closefd: since(15) ? 7 : isPython3 ? 6 : 5,
    },
    library: { hasRecursiveMutex: since(14), hasFold: since(6) },
    asyncioTask: asyncioTaskOf(version, headerSize),
  };
}

function digitsOf(
  row: MeasuredRow,
  { major, minor }: PythonVersion,
  pointerSize: 4 | 8,
): Pick<Layout["int"], "digitSize" | "digitBits"> {
  // The choice came with 2.7: 30 bits where pointers have 64.
  const bits = row["K.PyLong_SHIFT"] ?? (major === 2 && minor === 7 && pointerSize === 8 ? 30 : 15);
  return { digitSize: bits === 30 ? 4 : 2, digitBits: bits };
}

const stateNames: readonly (readonly [MeasuredKey, GeneratorState])[] = [
  ["K.FRAME_CREATED", "created"],
  ["K.FRAME_SUSPENDED", "suspended"],
  ["K.FRAME_SUSPENDED_YIELD_FROM", "awaiting"],
  ["K.FRAME_SUSPENDED_YIELD_FROM_LOCKED", "awaiting"],
  ["K.FRAME_EXECUTING", "executing"],
  ["K.FRAME_UNWINDING", "executing"],
  ["K.FRAME_COMPLETED", "finished"],
  ["K.FRAME_RETURNED", "finished"],
  ["K.FRAME_RAISED", "finished"],
  ["K.FRAME_CLEARED", "finished"],
];

function generatorStatesOf(row: MeasuredRow): Readonly<Record<number, GeneratorState>> {
  const states: Record<number, GeneratorState> = {};
  for (const [key, state] of stateNames) {
    const value = row[key];
    if (value !== undefined) states[value] = state;
  }
  return states;
}

/** YIELD_FROM up to 3.10; then RESUME with an argument that says where from, and in 3.11 its specialised form. */
function awaitOpcodesOf({ major, minor }: PythonVersion): readonly number[] {
  if (major < 3 || minor > 12) return [];
  if (minor < 11) return [72];
  return minor === 11 ? [151, 150] : [151];
}

/** No header shows it: Modules/_collectionsmodule.c. */
function dequeOf({ major, minor }: PythonVersion, headerSize: number, pointerSize: 4 | 8): DequeLayout {
  const word = (index: number): number => headerSize + index * pointerSize;
  if (major === 3 && minor >= 5) {
    return {
      length: word(0),
      leftblock: word(1),
      leftindex: word(3),
      maxlen: word(6),
      // Behind the block before.
      blockItems: pointerSize,
      blockLength: 64,
      blockNext: 65 * pointerSize,
    };
  }
  if (major === 2 && minor === 7) {
    return {
      length: word(4),
      leftblock: word(0),
      leftindex: word(2),
      maxlen: word(6),
      blockItems: 0,
      blockLength: 62,
      blockNext: 62 * pointerSize,
    };
  }
  return {
    length: ABSENT,
    leftblock: ABSENT,
    leftindex: ABSENT,
    maxlen: ABSENT,
    blockItems: ABSENT,
    blockLength: ABSENT,
    blockNext: ABSENT,
  };
}

/** From 3.14 on `_AsyncioDebug` says it. Seen with the usual object header only. */
function asyncioTaskOf({ major, minor }: PythonVersion, headerSize: number): AsyncioTaskLayout {
  const known = major === 3 && headerSize === 16 ? asyncioTasks[minor] : undefined;
  const [task_fut_waiter, task_coro, task_name] = known ?? [ABSENT, ABSENT, ABSENT];
  return { task_fut_waiter, task_coro, task_name, hasTable: major === 3 && minor >= 14 };
}

const asyncioTasks: Readonly<Record<number, readonly [futWaiter: number, coro: number, name: number]>> = {
  7: [104, 112, ABSENT],
  8: [104, 112, 120],
  9: [144, 152, 160],
  10: [152, 160, 168],
  11: [128, 136, 144],
  12: [128, 136, 144],
  13: [112, 120, 128],
};
