import type { Layout } from "@pyspy/cpython-layouts";

/** A number from 0 to `limit` − 1. */
export type Random = (limit: number) => number;

/** What must be free for a field: others are derived from where it is, and go with it. */
interface Place {
  /** Bytes in front of the field. */
  readonly before?: number;
  /** Bytes of the field and behind it. */
  readonly length: number;
}

const word: Place = { length: 8 };

/**
 * A CPython 3.13 or later that never was: the fields that `_Py_DebugOffsets` names are anywhere in their structs, and
 * what is derived from them is with them. What the table does not name stays where it is.
 */
export function permutedLayout(layout: Layout, random: Random): Layout {
  return {
    ...layout,
    runtime: permutedRuntime(layout, random),
    interpreter: permutedInterpreter(layout, random),
    gil: permutedGil(layout, random),
    threadState: permutedThreadState(layout, random),
    frame: permutedFrame(layout, random),
    code: permutedCode(layout, random),
    type: permutedType(layout, random),
    unicode: permutedUnicode(layout, random),
    bytes: { ...layout.bytes, ob_sval: layout.object.ob_size + 8 * (1 + random(4)) },
  };
}

/** Behind the table, which is at the start. */
function permutedRuntime({ runtime }: Layout, random: Random): Layout["runtime"] {
  const places = { finalizing: word, interpreters_head: { length: 16 } };
  const { offsets } = arrange(places, 1024, [], random);
  return { ...runtime, ...offsets, interpreters_main: offsets.interpreters_head + 8 };
}

function permutedInterpreter({ interpreter }: Layout, random: Random): Layout["interpreter"] {
  const places = {
    // The table has the offset of the collector's state, which is 192 less.
    gc_collecting: { before: 192, length: 16 },
    ...present(interpreter, ["next", "id", "threads_head", "imports_modules", "ceval_gil"]),
    ...present(interpreter, ["code_object_generation", "tlbc_generation"]),
  };
  const { offsets } = arrange(places, 0, unmoved(interpreter, [...Object.keys(places), "gc_frame"]), random);
  const gc_frame = interpreter.gc_frame < 0 ? interpreter.gc_frame : offsets.gc_collecting + 8;
  return { ...interpreter, ...offsets, gc_frame };
}

function permutedGil({ gil }: Layout, random: Random): Layout["gil"] {
  const places = present(gil, ["last_holder", "locked", "enabled"]);
  const { offsets } = arrange(places, 0, [], random);
  return { ...gil, ...offsets, size: Number(offsets["locked"]) + gil.size - gil.locked };
}

function permutedThreadState({ threadState, version }: Layout, random: Random): Layout["threadState"] {
  const named = version.minor >= 15; // in the table since then
  const places = {
    ...present(threadState, [
      "next",
      "interp",
      "current_frame",
      "thread_id",
      "native_thread_id",
      "base_frame",
    ]),
    status: word,
    datastack_chunk: { length: 24 },
    ...(named ? { holds_gil: word, gil_requested: word, current_exception: { length: 16 } } : {}),
  };
  const derived = ["size", "datastack_top", "holds_gil", ...(named ? ["exc_info"] : [])];
  const taken = unmoved(threadState, [...Object.keys(places), ...derived]);
  const { offsets, end } = arrange(places, 0, taken, random);
  return {
    ...threadState,
    ...(threadState.holds_gil < 0 ? {} : { holds_gil: offsets.status + 4 }),
    ...offsets,
    ...(offsets.current_exception === undefined ? {} : { exc_info: offsets.current_exception + 8 }),
    datastack_top: offsets.datastack_chunk + 8,
    size: end + 64,
  };
}

function permutedFrame({ frame, version }: Layout, random: Random): Layout["frame"] {
  const places = {
    ...present(frame, ["previous", "executable", "instruction", "owner", "tlbc_index"]),
    ...(version.minor >= 14 ? { stackpointer: word } : {}),
  };
  const taken = unmoved(frame, [
    ...Object.keys(places),
    "size",
    "localsplus",
    "executableTag",
    "firstForeignOwner",
  ]);
  const { offsets, end } = arrange(places, 0, taken, random);
  return { ...frame, ...offsets, size: end, localsplus: end };
}

function permutedCode({ code, object }: Layout, random: Random): Layout["code"] {
  const places = {
    co_argcount: { before: 4, length: 36 },
    ...present(code, ["co_filename", "co_name", "co_qualname", "linetable", "co_firstlineno"]),
    ...(code.co_tlbc < 0 ? {} : { co_tlbc: { before: 16, length: 8 } }),
    // With the version in front.
    co_localsplusnames: { before: 8, length: 8 },
    co_localspluskinds: word,
  };
  const derived = [
    "co_flags",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_nlocalsplus",
    "co_nlocals",
    "co_version",
  ];
  const atEnd = ["_co_firsttraceable", "size", "co_code_adaptive"];
  const taken = unmoved(code, [...Object.keys(places), ...derived, ...atEnd]);
  const { offsets, end } = arrange(places, object.ob_size + 8, taken, random);
  // In front of the copies of the bytecode, or of the only one.
  const _co_firsttraceable = ("co_tlbc" in offsets ? Number(offsets.co_tlbc) : end + 16) - 16;
  return {
    ...code,
    ...offsets,
    _co_firsttraceable,
    co_flags: offsets.co_argcount - 4,
    co_posonlyargcount: offsets.co_argcount + 4,
    co_kwonlyargcount: offsets.co_argcount + 8,
    co_nlocalsplus: offsets.co_argcount + 20,
    co_nlocals: offsets.co_argcount + 28,
    co_version: offsets.co_localsplusnames - 4,
    co_code_adaptive: end + 16,
    size: end + 24,
  };
}

/** `tp_name` and `tp_flags` take along what has a fixed distance to them in every version that has the table. */
function permutedType({ type, object, version }: Layout, random: Random): Layout["type"] {
  const places = {
    tp_name: { length: 16 },
    tp_flags: { length: 128 },
    ...(version.minor >= 15 ? { tp_basicsize: word, tp_dictoffset: word } : {}),
  };
  const { offsets } = arrange(places, object.ob_size + 8, [], random);
  return { ...type, tp_basicsize: offsets.tp_name + 8, tp_dictoffset: offsets.tp_flags + 120, ...offsets };
}

function permutedUnicode({ unicode, object, version }: Layout, random: Random): Layout["unicode"] {
  const { offsets, end } = arrange({ length: word, state: word }, object.size, [], random);
  const compactData = end + (version.minor >= 15 ? 8 * (2 + random(4)) : 16);
  return { ...unicode, ...offsets, asciiData: end, compactData, data: compactData };
}

/** Those of these fields that the version has, a word each. */
function present<Name extends string>(
  group: { readonly [Key in Name]: number },
  names: readonly Name[],
): { readonly [Key in Name]: Place } {
  const entries = names.filter((name) => group[name] >= 0).map((name) => [name, word]);
  return Object.fromEntries(entries) as { readonly [Key in Name]: Place };
}

/** Offsets of the fields of a struct that are not among these. */
function unmoved(group: object, names: readonly string[]): readonly number[] {
  return Object.entries(group).flatMap(([name, value]) =>
    typeof value === "number" && value >= 0 && !names.includes(name) ? [value] : [],
  );
}

/**
 * Places for fields from `start` on, in random order with random gaps, none over a `taken` word. `end` is the first
 * offset behind all of them.
 */
function arrange<Places extends object>(
  places: Places & { readonly [Name in keyof Places]: Place },
  start: number,
  taken: readonly number[],
  random: Random,
): { readonly offsets: { readonly [Name in keyof Places]: number }; readonly end: number } {
  const remaining = Object.entries<Place>(places);
  const offsets: Record<string, number> = {};
  let end = start;
  while (remaining.length > 0) {
    for (const [name, { before = 0, length }] of remaining.splice(random(remaining.length), 1)) {
      end += 8 * random(4);
      while (taken.some((offset) => offset < end + before + length && end < offset + 8)) end += 8;
      offsets[name] = end + before;
      end += before + length;
      end = Math.ceil(end / 8) * 8;
    }
  }
  return {
    offsets: offsets as { readonly [Name in keyof Places]: number },
    end: Math.ceil(Math.max(end, ...taken.map((offset) => offset + 8)) / 8) * 8,
  };
}
