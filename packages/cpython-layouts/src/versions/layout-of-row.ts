import {
  ABSENT,
  type InstructionKind,
  type Layout,
  type LineTableKind,
  type PythonVersion,
  type StackpointerKind,
} from "../layout.js";
import type { MeasuredRow } from "./measured-row.js";
import { objectLayoutsOfRow } from "./object-layouts-of-row.js";
import { valueIn } from "./value-in.js";

/** What a row of measurements does not say about its build. */
export interface BuildIdentity {
  readonly version: PythonVersion;
  readonly freeThreaded: boolean;
  readonly verified: boolean;
  /** Size of a `Py_UNICODE` of 2.x. */
  readonly unicodeSize: 2 | 4;
  /** The platform has 4-byte `long` and 2-byte `wchar_t` whatever the size of a pointer. */
  readonly isWindows: boolean;
}

/** The one place that knows both the generator's keys and the shape of {@link Layout}. */
export function layoutOfRow(row: MeasuredRow, identity: BuildIdentity): Layout {
  const { version, freeThreaded, verified, isWindows } = identity;
  const at = valueIn(row);
  const pointerSize = row["sizeof.pointer"] === 4 ? 4 : 8;
  const hasHeapFrames = row["fo.f_code"] !== undefined;
  const hasStatusBits = row["K._Py_TPFLAGS_STATIC_BUILTIN"] !== undefined;
  return {
    version,
    pointerSize,
    freeThreaded,
    verified,
    runtime: {
      size: at("sizeof.runtime"),
      finalizing: at("runtime._finalizing"),
      interpreters_head: at("runtime.interpreters.head"),
      interpreters_main: at("runtime.interpreters.main"),
      tstate_current: at("runtime.gilstate.tstate_current"),
      gil: at("runtime.ceval.gil"),
      gc_collecting: at("runtime.gc.collecting"),
    },
    interpreter: {
      next: at("is.next"),
      id: at("is.id"),
      threads_head: at("is.tstate_head"),
      imports_modules: at("is.modules"),
      ceval_gil: at("is.ceval.gil"),
      gc_collecting: at("is.gc.collecting"),
      gc_frame: at("is.gc.frame"),
      code_object_generation: at("is.code_object_generation"),
      func_state_next_version: ABSENT,
      tlbc_generation: at("is.tlbc_generation"),
    },
    gil: {
      last_holder: at("gil.last_holder"),
      locked: at("gil.locked"),
      enabled: at("gil.enabled"),
      size: gilSize(at("gil.locked"), pointerSize),
    },
    threadState: {
      size: at("sizeof.ts"),
      next: at("ts.next"),
      interp: at("ts.interp"),
      frame: at("ts.frame"),
      // 3.10 has the struct too, but keeps the frame elsewhere.
      cframe: row["cframe.current_frame"] === undefined ? ABSENT : at("ts.cframe"),
      on_c_stack: at("ts.cframe"),
      current_frame: at("ts.current_frame"),
      base_frame: at("ts.base_frame"),
      thread_id: at("ts.thread_id"),
      thread_id_width: isWindows ? 4 : pointerSize,
      native_thread_id: at("ts.native_thread_id"),
      datastack_chunk: at("ts.datastack_chunk"),
      datastack_top: at("ts.datastack_top"),
      status: hasStatusBits ? at("ts._status") : ABSENT,
      holds_gil: at("ts.holds_gil"),
      gil_requested: at("ts.gil_requested"),
      state: at("ts.state"),
      current_exception: at("ts.curexc"),
      exc_info: at("ts.exc_info"),
    },
    cframe: { current_frame: at("cframe.current_frame") },
    dataStackChunk: {
      previous: at("chunk.previous"),
      size: at("chunk.size"),
      top: at("chunk.top"),
      data: at("chunk.data"),
    },
    frame: {
      size: at("if.localsplus", "fo.f_localsplus"),
      previous: hasHeapFrames ? at("fo.f_back") : at("if.previous"),
      executable: at("if.code", "fo.f_code"),
      executableTag: row["K.Py_TAG_REFCNT"] === undefined ? 0 : 3,
      instruction: at("if.prev_instr/instr_ptr", "fo.f_lasti"),
      instructionKind: instructionKindOf(version),
      owner: at("if.owner"),
      firstForeignOwner: at("K.FRAME_OWNED_BY_INTERPRETER", "K.FRAME_OWNED_BY_CSTACK"),
      is_entry: at("if.is_entry"),
      localsplus: at("if.localsplus", "fo.f_localsplus"),
      f_globals: at("if.globals", "fo.f_globals"),
      f_locals: hasHeapFrames ? at("fo.f_globals") + pointerSize : at("if.f_locals"),
      f_state: hasHeapFrames && row["K.FRAME_CREATED"] !== undefined ? at("fo.f_state") : ABSENT,
      f_valuestack: at("fo.f_valuestack"),
      stackpointer: at("if.stacktop/stackpointer", "fo.f_stacktop"),
      stackpointerKind: stackpointerKindOf(version),
      tlbc_index: at("if.tlbc_index"),
    },
    code: {
      size: at("sizeof.code"),
      co_argcount: at("code.co_argcount"),
      co_posonlyargcount: at("code.co_posonlyargcount"),
      co_kwonlyargcount: at("code.co_kwonlyargcount"),
      co_nlocals: at("code.co_nlocals"),
      co_nlocalsplus: at("code.co_nlocalsplus"),
      co_flags: at("code.co_flags"),
      co_firstlineno: at("code.co_firstlineno"),
      co_varnames: at("code.co_varnames"),
      co_freevars: at("code.co_freevars"),
      co_cellvars: at("code.co_cellvars"),
      co_localsplusnames: at("code.co_localsplusnames"),
      co_localspluskinds: at("code.co_localspluskinds"),
      co_filename: at("code.co_filename"),
      co_name: at("code.co_name"),
      co_qualname: at("code.co_qualname"),
      linetable: at("code.co_linetable", "code.co_lnotab"),
      lineTableKind: lineTableKindOf(version),
      co_code: at("code.co_code"),
      co_code_adaptive: at("code.co_code_adaptive"),
      _co_firsttraceable: at("code._co_firsttraceable"),
      co_version: codeVersionIn(row),
      co_tlbc: at("code.co_tlbc"),
    },
    ...objectLayoutsOfRow(row, identity, pointerSize),
  };
}

/** Right before the names. Builds that have it have `co_framesize`, too, which is between two fields of theirs. */
function codeVersionIn(row: MeasuredRow): number {
  const at = valueIn(row);
  const hasFrameSize = at("code.co_nlocals") - at("code.co_nlocalsplus") === 8;
  return hasFrameSize ? at("code.co_localsplusnames") - 4 : ABSENT;
}

/**
 * `_gil_runtime_state` ends with a counter and two pairs of `pthread_cond_t`, of 48 bytes, and `pthread_mutex_t`. 3.7.0 to
 * 3.7.3 have one pair.
 */
function gilSize(locked: number, pointerSize: 4 | 8): number {
  return locked === ABSENT ? ABSENT : locked + 2 * pointerSize + 2 * (48 + (pointerSize === 8 ? 40 : 24));
}

function instructionKindOf({ major, minor }: PythonVersion): InstructionKind {
  if (major < 3 || minor < 10) return "lasti-bytes";
  if (minor === 10) return "lasti-units";
  return minor < 13 ? "prev_instr" : "instr_ptr";
}

function stackpointerKindOf({ major, minor }: PythonVersion): StackpointerKind {
  if (major < 3 || minor < 10 || minor > 13) return "pointer";
  return minor === 10 ? "depth" : "index";
}

function lineTableKindOf({ major, minor }: PythonVersion): LineTableKind {
  if (major < 3 || minor < 6) return "lnotab-unsigned";
  if (minor < 10) return "lnotab";
  return minor === 10 ? "linetable" : "locations";
}
