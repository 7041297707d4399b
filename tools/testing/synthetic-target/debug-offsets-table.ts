import { readFileSync } from "node:fs";
import { ABSENT, type Layout } from "@pyspy/cpython-layouts";

const fieldNames: Readonly<Record<string, readonly string[]>> = JSON.parse(
  readFileSync(new URL("../../layouts/measured/debug-offsets.json", import.meta.url), "utf8"),
);

/** The start of a runtime of 3.13 or later, that says what `layout` is. What a stack does not need is filled in. */
export function debugOffsetsTable(layout: Layout): Uint8Array {
  const { major, minor, micro, release } = layout.version;
  const names = fieldNames[`${major}.${minor}`];
  if (names === undefined)
    throw new Error(`CPython ${major}.${minor} has no debug offsets that are known here`);
  const table = new Uint8Array(24 + 8 * names.length);
  const view = new DataView(table.buffer);
  table.set(new TextEncoder().encode("xdebugpy"));
  view.setBigUint64(8, BigInt(versionHex({ major, minor, micro, release })), true);
  view.setBigUint64(16, layout.freeThreaded ? 1n : 0n, true);

  const known = knownFields(layout);
  const ends = new Map<string, number>();
  for (const [name, value] of known) {
    if (name.endsWith("size") || value === ABSENT) continue;
    const group = groupOf(name);
    ends.set(group, Math.max(ends.get(group) ?? 0, value + 8));
  }
  for (const [index, name] of names.entries()) {
    let value = known.get(name);
    if (value === undefined && name.endsWith("size")) value = 1 << 20;
    if (value === undefined || value === ABSENT) {
      // A place of its own, after everything that is known of the struct.
      value = Math.ceil((ends.get(groupOf(name)) ?? 64) / 8) * 8;
      ends.set(groupOf(name), value + 8);
    }
    view.setBigUint64(24 + 8 * index, BigInt(value), true);
  }
  return table;
}

/** `PY_VERSION_HEX` */
export function versionHex({ major, minor, micro, release }: Layout["version"]): number {
  const levels: Record<string, number> = { a: 0xa, b: 0xb, rc: 0xc };
  const [, level = "", serial = "0"] = /^(a|b|rc)(\d+)$/.exec(release) ?? [];
  return major * 2 ** 24 + minor * 2 ** 16 + micro * 2 ** 8 + (levels[level] ?? 0xf) * 16 + Number(serial);
}

function groupOf(name: string): string {
  return name.slice(0, name.indexOf("."));
}

/** Written from CPython's names alone, so that a reader that mixes two fields up cannot agree with it. */
function knownFields(layout: Layout): ReadonlyMap<string, number> {
  const { runtime, interpreter, gil, threadState, frame, code, object, type, unicode, bytes } = layout;
  const gc = interpreter.gc_collecting - 192;
  const embeddedGil = 1 << 16;
  return new Map([
    ["runtime_state.size", runtime.size],
    ["runtime_state.finalizing", runtime.finalizing],
    ["runtime_state.interpreters_head", runtime.interpreters_head],
    ["interpreter_state.size", 1 << 20],
    ["interpreter_state.id", interpreter.id],
    ["interpreter_state.next", interpreter.next],
    ["interpreter_state.threads_head", interpreter.threads_head],
    ["interpreter_state.gc", gc],
    ["interpreter_state.imports_modules", interpreter.imports_modules],
    ["interpreter_state.ceval_gil", interpreter.ceval_gil],
    ["interpreter_state.gil_runtime_state", embeddedGil],
    ["interpreter_state.gil_runtime_state_enabled", gil.enabled === ABSENT ? 0 : gil.enabled],
    ["interpreter_state.gil_runtime_state_locked", embeddedGil + gil.locked],
    ["interpreter_state.gil_runtime_state_holder", embeddedGil + gil.last_holder],
    ["interpreter_state.code_object_generation", interpreter.code_object_generation],
    ["interpreter_state.tlbc_generation", interpreter.tlbc_generation],
    ["thread_state.size", threadState.size],
    ["thread_state.next", threadState.next],
    ["thread_state.interp", threadState.interp],
    ["thread_state.current_frame", threadState.current_frame],
    ["thread_state.base_frame", threadState.base_frame],
    ["thread_state.thread_id", threadState.thread_id],
    ["thread_state.native_thread_id", threadState.native_thread_id],
    ["thread_state.datastack_chunk", threadState.datastack_chunk],
    ["thread_state.status", threadState.status],
    ["thread_state.holds_gil", threadState.holds_gil],
    ["thread_state.gil_requested", threadState.gil_requested],
    ["thread_state.current_exception", threadState.current_exception],
    ["interpreter_frame.size", frame.size + 8],
    ["interpreter_frame.previous", frame.previous],
    ["interpreter_frame.executable", frame.executable],
    ["interpreter_frame.instr_ptr", frame.instruction],
    ["interpreter_frame.localsplus", frame.localsplus],
    ["interpreter_frame.owner", frame.owner],
    ["interpreter_frame.stackpointer", frame.stackpointer],
    ["interpreter_frame.tlbc_index", frame.tlbc_index],
    ["code_object.size", code.size],
    ["code_object.filename", code.co_filename],
    ["code_object.name", code.co_name],
    ["code_object.qualname", code.co_qualname],
    ["code_object.linetable", code.linetable],
    ["code_object.firstlineno", code.co_firstlineno],
    ["code_object.argcount", code.co_argcount],
    ["code_object.localsplusnames", code.co_localsplusnames],
    ["code_object.localspluskinds", code.co_localspluskinds],
    ["code_object.co_code_adaptive", code.co_code_adaptive],
    ["code_object.co_tlbc", code.co_tlbc],
    ["pyobject.size", object.size],
    ["pyobject.ob_type", object.ob_type],
    ["type_object.size", 1 << 12],
    ["type_object.tp_name", type.tp_name],
    ["type_object.tp_flags", type.tp_flags],
    ["type_object.tp_basicsize", type.tp_basicsize],
    ["type_object.tp_dictoffset", type.tp_dictoffset],
    ["heap_type_object.ht_cached_keys", type.ht_cached_keys],
    ["tuple_object.ob_size", object.ob_size],
    ["bytes_object.size", bytes.ob_sval + 8],
    ["bytes_object.ob_size", object.ob_size],
    ["bytes_object.ob_sval", bytes.ob_sval],
    ["unicode_object.size", unicode.data + 8],
    ["unicode_object.state", unicode.state],
    ["unicode_object.length", unicode.length],
    ["unicode_object.asciiobject_size", unicode.asciiData],
    ["unicode_object.compactunicodeobject_size", unicode.compactData],
    ["gc.size", 512],
    ["gc.collecting", interpreter.gc_collecting - gc],
    ["gc.frame", interpreter.gc_frame === ABSENT ? ABSENT : interpreter.gc_frame - gc],
  ]);
}
