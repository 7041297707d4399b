/**
 * `_Py_DebugOffsets`, with which CPython 3.13 and later describe themselves: the first bytes of `_PyRuntime`, in the
 * file and in memory (Include/internal/pycore_debug_offsets.h).
 *
 * The table is positional: a header and then one u64 after another, whose names only the version tells. It is also
 * input that nobody vouches for: read from the wrong address, or of an alpha release whose list of fields was another,
 * it is numbers that would be believed. So everything is checked against everything before a layout is made of it. What
 * a reader needs and the table does not say is derived from its neighbours or taken from the measured build of the same
 * minor version and flavour.
 */
import type { Layout, PythonVersion } from "./layout.js";
import { LayoutError } from "./layout-error.js";
import { formatVersion, parsePyVersionHex } from "./python-version.js";
import { debugOffsetsFields } from "./versions/debug-offsets-fields.js";
import { layoutOfRow } from "./versions/layout-of-row.js";
import { type MeasuredRow, measuredRows } from "./versions/measured-row.js";

type KnownMinor = keyof typeof debugOffsetsFields;
type Field = (typeof debugOffsetsFields)[KnownMinor][number];

/** How many bytes to read at `_PyRuntime`: enough for the table of every known version and some growth. */
export const DEBUG_OFFSETS_READ_SIZE = 1024;

const HEADER_SIZE = 24;
const COOKIE = "xdebugpy";
/** Far above the largest struct (`_PyRuntime`, 400 KB): what is beyond is not a size. */
const LARGEST_SIZE = 64 * 1024 * 1024;
const NEWEST_KNOWN: KnownMinor = 15;
/** No free-threaded build of 3.14 or 3.15 could be had to run. */
const NEWEST_TESTED_FREE_THREADED = 13;

/** The start of the table, which is the same in all versions. */
export interface DebugOffsetsHeader {
  readonly version: PythonVersion;
  readonly freeThreaded: boolean;
}

/**
 * Reads the header of the table; undefined if the bytes are not one, so that a search for the cookie can go on.
 *
 * @param bytes - at least 24 bytes from the address of `_PyRuntime`
 */
export function readDebugOffsetsHeader(bytes: Uint8Array): DebugOffsetsHeader | undefined {
  if (bytes.length < HEADER_SIZE) return undefined;
  for (let index = 0; index < COOKIE.length; index++) {
    if (bytes[index] !== COOKIE.charCodeAt(index)) return undefined;
  }
  const hex = readU64(bytes, 8);
  const freeThreaded = readU64(bytes, 16);
  if (hex > 0xffffffff || freeThreaded > 1) return undefined;
  return { version: parsePyVersionHex(hex), freeThreaded: freeThreaded === 1 };
}

/** The size of the table of a version in bytes; of the newest known one for a version that is newer. */
export function debugOffsetsSize(version: PythonVersion): number {
  return HEADER_SIZE + 8 * fieldsOf(version).length;
}

/**
 * The layout that a CPython 3.13 or later says it has.
 *
 * A minor version that is newer than what is known here is read by the newest list of fields and gives
 * `verified: false`, if that fits.
 *
 * @param table - {@link DEBUG_OFFSETS_READ_SIZE} bytes from the address of `_PyRuntime`; more is ignored, less is enough
 *   when it holds the table
 * @throws LayoutError `debug-offsets-unreadable`, `debug-offsets-do-not-fit`, `unsupported-version`
 */
export function layoutFromDebugOffsets(table: Uint8Array): Layout {
  const header = readDebugOffsetsHeader(table);
  if (header === undefined) {
    throw new LayoutError(
      "debug-offsets-unreadable",
      "Cannot read the debug offsets: the bytes do not start with their header",
    );
  }
  const { version, freeThreaded } = header;
  const name = `${formatVersion(version)}${freeThreaded ? " (free-threaded)" : ""}`;
  if (version.major !== 3 || version.minor < 13) {
    throw new LayoutError(
      "unsupported-version",
      `Cannot read the debug offsets of CPython ${name}: only 3.13 and later have them`,
    );
  }
  const size = debugOffsetsSize(version);
  if (table.length < size) {
    throw new LayoutError(
      "debug-offsets-unreadable",
      `Cannot read the debug offsets of CPython ${name}: they are ${size} bytes and only ${table.length} were given`,
    );
  }
  const offsets = readFields(table, fieldsOf(version));
  const contradiction = findContradiction(offsets, freeThreaded);
  if (contradiction !== undefined) {
    throw new LayoutError(
      "debug-offsets-do-not-fit",
      `Cannot use the debug offsets of CPython ${name}: ${contradiction}, so its list of fields is not the one known for ${listName(version)}`,
    );
  }
  const row = rowOfOffsets(offsets, freeThreaded, measuredRowOf(version, freeThreaded));
  return layoutOfRow(row, {
    version,
    freeThreaded,
    verified:
      version.minor <= (freeThreaded ? NEWEST_TESTED_FREE_THREADED : NEWEST_KNOWN) && version.release === "",
    unicodeSize: 4,
    // The two ids are next to each other, and each as wide as a C `long`.
    isWindows: row["ts.native_thread_id"] === (row["ts.thread_id"] ?? 0) + 4,
  });
}

type Offsets = ReadonlyMap<Field, number>;

function fieldsOf({ minor }: PythonVersion): readonly Field[] {
  return debugOffsetsFields[knownMinor(minor)];
}

function knownMinor(minor: number): KnownMinor {
  return minor === 13 || minor === 14 ? minor : NEWEST_KNOWN;
}

function listName({ minor }: PythonVersion): string {
  return `3.${knownMinor(minor)}`;
}

function readFields(table: Uint8Array, fields: readonly Field[]): Offsets {
  return new Map(fields.map((field, index) => [field, readU64(table, HEADER_SIZE + 8 * index)]));
}

function readU64(bytes: Uint8Array, offset: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
}

/** Fields that are not 8 bytes wide. */
const narrowFields: ReadonlyMap<Field, 1 | 4> = new Map([
  ["thread_state.status", 4],
  ["thread_state.holds_gil", 4],
  ["thread_state.gil_requested", 4],
  ["interpreter_frame.owner", 1],
  ["interpreter_frame.tlbc_index", 4],
  ["interpreter_state.tlbc_generation", 4],
  ["interpreter_state.gil_runtime_state_locked", 4],
  ["code_object.firstlineno", 4],
  ["code_object.argcount", 4],
  ["long_object.ob_digit", 4],
  ["bytes_object.ob_sval", 1],
  ["unicode_object.state", 4],
  ["gc.collecting", 4],
  ["gen_object.gi_frame_state", 1],
  ["debugger_support.remote_debugging_enabled", 4],
  ["debugger_support.debugger_pending_call", 4],
  ["debugger_support.debugger_script_path", 1],
]);

/** Fields that are not an offset into the struct that their group is named after. */
const detachedFields: ReadonlySet<Field> = new Set<Field>([
  "interpreter_state.gil_runtime_state",
  "interpreter_state.gil_runtime_state_enabled",
  "gc.generation_stats_size",
  "debugger_support.eval_breaker",
  "debugger_support.remote_debugger_support",
  "debugger_support.remote_debugging_enabled",
  "debugger_support.debugger_script_path_size",
]);

/** Fields that builds with a GIL fill with 0. */
const freeThreadedFields: ReadonlySet<Field> = new Set<Field>([
  "interpreter_state.tlbc_generation",
  "interpreter_frame.tlbc_index",
  "code_object.co_tlbc",
]);

/** The first reason not to believe the table, if there is one. */
function findContradiction(offsets: Offsets, freeThreaded: boolean): string | undefined {
  const taken = new Map<string, Field>();
  for (const [field, value] of offsets) {
    const group = field.slice(0, field.indexOf("."));
    const size = sizeOfGroup(offsets, group);
    if (field.endsWith("size")) {
      // The smaller structs that a string can end with are part of the largest.
      const largest = group === "unicode_object" && size !== undefined ? size : LARGEST_SIZE;
      if (value === 0 || value > largest) return `${field} is ${value}`;
      continue;
    }
    const width = narrowFields.get(field) ?? 8;
    if (value % width !== 0) return `${field} is ${value}, which is not a multiple of ${width}`;
    if (detachedFields.has(field) || (freeThreadedFields.has(field) && !freeThreaded)) continue;
    if (size !== undefined && value + width > size) return `${field} is ${value} in ${size} bytes`;
    for (let offset = value; offset < value + width; offset++) {
      const other = taken.get(`${group}+${offset}`);
      if (other !== undefined) return `${field} and ${other} are at the same place`;
      taken.set(`${group}+${offset}`, field);
    }
  }
  const header = offsets.get("pyobject.size");
  return header === (freeThreaded ? 32 : 16) ? undefined : `pyobject.size is ${header}`;
}

function sizeOfGroup(offsets: Offsets, group: string): number | undefined {
  for (const [field, value] of offsets) if (field === `${group}.size`) return value;
  return undefined;
}

function measuredRowOf({ minor }: PythonVersion, freeThreaded: boolean): MeasuredRow {
  if (minor === 13) return freeThreaded ? measuredRows["3.13.15t"] : measuredRows["3.13.18"];
  if (minor === 14) return freeThreaded ? measuredRows["3.14.10t"] : measuredRows["3.14.10"];
  return freeThreaded ? measuredRows["3.15.2t"] : measuredRows["3.15.2"];
}

/** The table in the generator's keys, over what was measured of a build of the same minor version and flavour. */
function rowOfOffsets(offsets: Offsets, freeThreaded: boolean, measured: MeasuredRow): MeasuredRow {
  const required = (field: Field): number => {
    const value = offsets.get(field);
    if (value === undefined)
      throw new LayoutError("debug-offsets-do-not-fit", `Cannot use debug offsets without ${field}`);
    return value;
  };
  const optional = <Key extends keyof MeasuredRow>(
    key: Key,
    field: Field,
    base = 0,
  ): Pick<MeasuredRow, Key> | undefined => {
    const value = offsets.get(field);
    if (value === undefined || (freeThreadedFields.has(field) && !freeThreaded)) return undefined;
    return { [key]: base + value } as Pick<MeasuredRow, Key>;
  };
  const gil = required("interpreter_state.gil_runtime_state");
  const gc = required("interpreter_state.gc");
  const argcount = required("code_object.argcount");
  const tp_name = required("type_object.tp_name");
  const tp_flags = required("type_object.tp_flags");
  const asciiSize = required("unicode_object.asciiobject_size");
  const compactSize = asciiSize + 16;
  const datastack_chunk = required("thread_state.datastack_chunk");
  return {
    ...measured,
    "sizeof.runtime": required("runtime_state.size"),
    "runtime._finalizing": required("runtime_state.finalizing"),
    "runtime.interpreters.head": required("runtime_state.interpreters_head"),
    "runtime.interpreters.main": required("runtime_state.interpreters_head") + 8,
    "is.id": required("interpreter_state.id"),
    "is.next": required("interpreter_state.next"),
    "is.tstate_head": required("interpreter_state.threads_head"),
    "is.modules": required("interpreter_state.imports_modules"),
    "is.sysdict": required("interpreter_state.sysdict"),
    "is.ceval.gil": required("interpreter_state.ceval_gil"),
    "is.gc": gc,
    "is.gc.collecting": gc + required("gc.collecting"),
    ...optional("is.gc.frame", "gc.frame", gc),
    ...optional("is.code_object_generation", "interpreter_state.code_object_generation"),
    ...optional("is.tlbc_generation", "interpreter_state.tlbc_generation"),
    // These two are offsets into the interpreter, of the GIL that is embedded there; the third is one into the GIL.
    "gil.locked": required("interpreter_state.gil_runtime_state_locked") - gil,
    "gil.last_holder": required("interpreter_state.gil_runtime_state_holder") - gil,
    ...(freeThreaded
      ? { "gil.enabled": required("interpreter_state.gil_runtime_state_enabled") }
      : undefined),
    "sizeof.ts": required("thread_state.size"),
    "ts.next": required("thread_state.next"),
    "ts.interp": required("thread_state.interp"),
    "ts.current_frame": required("thread_state.current_frame"),
    ...optional("ts.base_frame", "thread_state.base_frame"),
    "ts.thread_id": required("thread_state.thread_id"),
    "ts.native_thread_id": required("thread_state.native_thread_id"),
    "ts.datastack_chunk": datastack_chunk,
    "ts.datastack_top": datastack_chunk + 8,
    "ts._status": required("thread_state.status"),
    // 3.14 has it without saying so.
    ...(measured["ts.holds_gil"] === undefined
      ? undefined
      : { "ts.holds_gil": required("thread_state.status") + 4 }),
    ...optional("ts.holds_gil", "thread_state.holds_gil"),
    ...optional("ts.gil_requested", "thread_state.gil_requested"),
    ...optional("ts.curexc", "thread_state.current_exception"),
    ...optional("ts.exc_info", "thread_state.current_exception", 8),
    "if.previous": required("interpreter_frame.previous"),
    "if.code": required("interpreter_frame.executable"),
    "if.prev_instr/instr_ptr": required("interpreter_frame.instr_ptr"),
    "if.localsplus": required("interpreter_frame.localsplus"),
    "if.owner": required("interpreter_frame.owner"),
    ...optional("if.stacktop/stackpointer", "interpreter_frame.stackpointer"),
    ...optional("if.tlbc_index", "interpreter_frame.tlbc_index"),
    "sizeof.code": required("code_object.size"),
    "code.co_filename": required("code_object.filename"),
    "code.co_name": required("code_object.name"),
    "code.co_qualname": required("code_object.qualname"),
    "code.co_linetable": required("code_object.linetable"),
    "code.co_firstlineno": required("code_object.firstlineno"),
    "code.co_flags": argcount - 4,
    "code.co_argcount": argcount,
    "code.co_posonlyargcount": argcount + 4,
    "code.co_kwonlyargcount": argcount + 8,
    "code.co_nlocalsplus": argcount + 20,
    "code.co_nlocals": argcount + 28,
    "code.co_localsplusnames": required("code_object.localsplusnames"),
    "code.co_localspluskinds": required("code_object.localspluskinds"),
    "code.co_code_adaptive": required("code_object.co_code_adaptive"),
    ...optional("code.co_tlbc", "code_object.co_tlbc"),
    "sizeof.ob": required("pyobject.size"),
    ob_type: required("pyobject.ob_type"),
    "var.ob_size": required("tuple_object.ob_size"),
    "type.tp_name": tp_name,
    "type.tp_basicsize": tp_name + 8,
    "type.tp_flags": tp_flags,
    "type.tp_dictoffset": tp_flags + 120,
    ...optional("type.tp_basicsize", "type_object.tp_basicsize"),
    ...optional("type.tp_dictoffset", "type_object.tp_dictoffset"),
    ...optional("ht_cached_keys", "heap_type_object.ht_cached_keys"),
    "tuple.ob_item": required("tuple_object.ob_item"),
    "list.ob_item": required("list_object.ob_item"),
    ...optional("set.used", "set_object.used"),
    ...optional("set.table", "set_object.table"),
    ...optional("set.mask", "set_object.mask"),
    "dict.ma_keys": required("dict_object.ma_keys"),
    "dict.ma_values": required("dict_object.ma_values"),
    "float.ob_fval": required("float_object.ob_fval"),
    "long.lv_tag": required("long_object.lv_tag"),
    "long.ob_digit": required("long_object.ob_digit"),
    "bytes.ob_sval": required("bytes_object.ob_sval"),
    "ascii.state": required("unicode_object.state"),
    "ascii.length": required("unicode_object.length"),
    "sizeof.ascii": asciiSize,
    "sizeof.compact": compactSize,
    "unicode.data.any": compactSize,
    ...optional("sizeof.compact", "unicode_object.compactunicodeobject_size"),
    ...optional("unicode.data.any", "unicode_object.compactunicodeobject_size"),
    ...optional("gen.gi_name", "gen_object.gi_name"),
    ...optional("gen.gi_iframe", "gen_object.gi_iframe"),
    ...optional("gen.gi_frame_state", "gen_object.gi_frame_state"),
  };
}
