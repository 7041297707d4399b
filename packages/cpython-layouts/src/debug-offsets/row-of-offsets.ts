import type { MeasuredKey } from "../versions/measured-key.js";
import type { MeasuredRow } from "../versions/measured-row.js";
import type { Offsets } from "./offsets.js";

/**
 * A table in the keys of the measured rows, over what was measured of a build of the same minor version and flavour.
 * What the table does not say and what moves with something that it says is derived from that.
 */
export function rowOfOffsets(offsets: Offsets, measured: MeasuredRow, freeThreaded: boolean): MeasuredRow {
  const gil = offsets["interpreter_state.gil_runtime_state"];
  const gc = offsets["interpreter_state.gc"];
  const status = offsets["thread_state.status"];
  const datastack_chunk = offsets["thread_state.datastack_chunk"];
  const argcount = offsets["code_object.argcount"];
  const tp_name = offsets["type_object.tp_name"];
  const tp_flags = offsets["type_object.tp_flags"];
  const asciiSize = offsets["unicode_object.asciiobject_size"];
  const codeEnd = offsets["code_object.co_tlbc"] ?? offsets["code_object.co_code_adaptive"];
  return {
    ...measured,
    "sizeof.runtime": offsets["runtime_state.size"],
    "runtime._finalizing": offsets["runtime_state.finalizing"],
    "runtime.interpreters.head": offsets["runtime_state.interpreters_head"],
    "runtime.interpreters.main": offsets["runtime_state.interpreters_head"] + 8,
    "is.id": offsets["interpreter_state.id"],
    "is.next": offsets["interpreter_state.next"],
    "is.tstate_head": offsets["interpreter_state.threads_head"],
    "is.modules": offsets["interpreter_state.imports_modules"],
    "is.sysdict": offsets["interpreter_state.sysdict"],
    "is.ceval.gil": offsets["interpreter_state.ceval_gil"],
    "is.gc": gc,
    "is.gc.collecting": gc + offsets["gc.collecting"],
    // Offsets into the interpreter, of the GIL that is embedded there …
    "gil.locked": offsets["interpreter_state.gil_runtime_state_locked"] - gil,
    "gil.last_holder": offsets["interpreter_state.gil_runtime_state_holder"] - gil,
    "sizeof.ts": offsets["thread_state.size"],
    "ts.next": offsets["thread_state.next"],
    "ts.interp": offsets["thread_state.interp"],
    "ts.current_frame": offsets["thread_state.current_frame"],
    "ts.thread_id": offsets["thread_state.thread_id"],
    "ts.native_thread_id": offsets["thread_state.native_thread_id"],
    "ts.datastack_chunk": datastack_chunk,
    "ts.datastack_top": datastack_chunk + 8,
    "ts._status": status,
    "if.previous": offsets["interpreter_frame.previous"],
    "if.code": offsets["interpreter_frame.executable"],
    "if.prev_instr/instr_ptr": offsets["interpreter_frame.instr_ptr"],
    "if.localsplus": offsets["interpreter_frame.localsplus"],
    "if.owner": offsets["interpreter_frame.owner"],
    "sizeof.code": offsets["code_object.size"],
    "code.co_filename": offsets["code_object.filename"],
    "code.co_name": offsets["code_object.name"],
    "code.co_qualname": offsets["code_object.qualname"],
    "code.co_linetable": offsets["code_object.linetable"],
    "code.co_firstlineno": offsets["code_object.firstlineno"],
    "code.co_flags": argcount - 4,
    "code.co_argcount": argcount,
    "code.co_posonlyargcount": argcount + 4,
    "code.co_kwonlyargcount": argcount + 8,
    "code.co_nlocalsplus": argcount + 20,
    "code.co_nlocals": argcount + 28,
    "code.co_localsplusnames": offsets["code_object.localsplusnames"],
    "code.co_localspluskinds": offsets["code_object.localspluskinds"],
    "code._co_firsttraceable": codeEnd - 16,
    "code.co_code_adaptive": offsets["code_object.co_code_adaptive"],
    "sizeof.ob": offsets["pyobject.size"],
    ob_type: offsets["pyobject.ob_type"],
    "var.ob_size": offsets["tuple_object.ob_size"],
    "type.tp_name": tp_name,
    "type.tp_basicsize": tp_name + 8,
    "type.tp_flags": tp_flags,
    "type.tp_dictoffset": tp_flags + 120,
    "tuple.ob_item": offsets["tuple_object.ob_item"],
    "list.ob_item": offsets["list_object.ob_item"],
    "dict.ma_keys": offsets["dict_object.ma_keys"],
    "dict.ma_values": offsets["dict_object.ma_values"],
    "float.ob_fval": offsets["float_object.ob_fval"],
    "long.lv_tag": offsets["long_object.lv_tag"],
    "long.ob_digit": offsets["long_object.ob_digit"],
    "bytes.ob_sval": offsets["bytes_object.ob_sval"],
    "ascii.state": offsets["unicode_object.state"],
    "ascii.length": offsets["unicode_object.length"],
    "sizeof.ascii": asciiSize,
    "sizeof.compact": asciiSize + 16,
    "unicode.data.any": asciiSize + 16,
    ...whatIsThere([
      // … and one into that GIL. A build with a GIL has no such field and says 0.
      ["gil.enabled", freeThreaded ? offsets["interpreter_state.gil_runtime_state_enabled"] : undefined],
      // 3.14 has it without saying so.
      ["ts.holds_gil", measured["ts.holds_gil"] === undefined ? undefined : status + 4],
    ]),
    ...whatIsThere([
      ["is.gc.frame", after(gc, offsets["gc.frame"])],
      ["is.code_object_generation", offsets["interpreter_state.code_object_generation"]],
      ["is.tlbc_generation", offsets["interpreter_state.tlbc_generation"]],
      ["ts.base_frame", offsets["thread_state.base_frame"]],
      ["ts.holds_gil", offsets["thread_state.holds_gil"]],
      ["ts.gil_requested", offsets["thread_state.gil_requested"]],
      ["ts.curexc", offsets["thread_state.current_exception"]],
      ["ts.exc_info", after(8, offsets["thread_state.current_exception"])],
      ["if.stacktop/stackpointer", offsets["interpreter_frame.stackpointer"]],
      ["if.tlbc_index", offsets["interpreter_frame.tlbc_index"]],
      ["code.co_tlbc", offsets["code_object.co_tlbc"]],
      ["type.tp_basicsize", offsets["type_object.tp_basicsize"]],
      ["type.tp_dictoffset", offsets["type_object.tp_dictoffset"]],
      ["ht_cached_keys", offsets["heap_type_object.ht_cached_keys"]],
      ["set.used", offsets["set_object.used"]],
      ["set.table", offsets["set_object.table"]],
      ["set.mask", offsets["set_object.mask"]],
      ["sizeof.compact", offsets["unicode_object.compactunicodeobject_size"]],
      ["unicode.data.any", offsets["unicode_object.compactunicodeobject_size"]],
      ["gen.gi_name", offsets["gen_object.gi_name"]],
      ["gen.gi_iframe", offsets["gen_object.gi_iframe"]],
      ["gen.gi_frame_state", offsets["gen_object.gi_frame_state"]],
    ]),
  };
}

function after(start: number, offset: number | undefined): number | undefined {
  return offset === undefined ? undefined : start + offset;
}

function whatIsThere(fields: readonly (readonly [MeasuredKey, number | undefined])[]): MeasuredRow {
  const row: Partial<Record<MeasuredKey, number>> = {};
  for (const [key, value] of fields) if (value !== undefined) row[key] = value;
  return row;
}
