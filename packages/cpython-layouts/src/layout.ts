/**
 * Where one CPython build keeps what a reader wants.
 *
 * Every version has a `Layout` of the same shape, so a reader branches on what a field says
 * (`layout.threadState.cframe !== ABSENT`) and never on a version number. All values are plain numbers: offsets
 * in bytes from the start of the struct that the group is named after, sizes in bytes, or constants.
 * Names are CPython's own.
 */

import type {
  AsyncioTaskLayout,
  BytesLayout,
  CellLayout,
  DequeLayout,
  DictKeysLayout,
  DictLayout,
  FloatLayout,
  FunctionLayout,
  GeneratorLayout,
  IntLayout,
  LibraryLayout,
  ManagedDictLayout,
  ObjectLayout,
  RawFileLayout,
  SequenceLayout,
  SetLayout,
  StackReferenceLayout,
  TypeLayout,
  Unicode2Layout,
  UnicodeLayout,
  WeakReferenceLayout,
} from "./object-layout.js";

/** The value of a field that this build does not have. */
export const ABSENT = -1;

export interface PythonVersion {
  readonly major: number;
  readonly minor: number;
  readonly micro: number;
  /** "" for a final release; "a1", "b4", "rc2" otherwise. */
  readonly release: string;
}

export interface Layout {
  readonly version: PythonVersion;
  readonly pointerSize: 4 | 8;
  /** Built with `--disable-gil`. */
  readonly freeThreaded: boolean;
  /** False when this build is newer than what this package was tested with, or was never run. */
  readonly verified: boolean;
  readonly runtime: RuntimeLayout;
  readonly interpreter: InterpreterLayout;
  readonly gil: GilLayout;
  readonly threadState: ThreadStateLayout;
  readonly cframe: CFrameLayout;
  readonly dataStackChunk: DataStackChunkLayout;
  readonly frame: FrameLayout;
  readonly code: CodeLayout;
  readonly object: ObjectLayout;
  readonly type: TypeLayout;
  readonly unicode: UnicodeLayout;
  readonly unicode2: Unicode2Layout;
  readonly bytes: BytesLayout;
  readonly int: IntLayout;
  readonly float: FloatLayout;
  readonly sequence: SequenceLayout;
  readonly set: SetLayout;
  readonly dict: DictLayout;
  readonly dictKeys: DictKeysLayout;
  readonly managedDict: ManagedDictLayout;
  readonly generator: GeneratorLayout;
  readonly function: FunctionLayout;
  readonly cell: CellLayout;
  readonly weakReference: WeakReferenceLayout;
  readonly stackReference: StackReferenceLayout;
  readonly deque: DequeLayout;
  readonly rawFile: RawFileLayout;
  readonly library: LibraryLayout;
  readonly asyncioTask: AsyncioTaskLayout;
}

/** `_PyRuntimeState` (3.7+), from the address of `_PyRuntime`. Absent up to 3.6, where `interp_head` is a variable of its own. */
export interface RuntimeLayout {
  readonly size: number;
  readonly finalizing: number;
  readonly interpreters_head: number;
  readonly interpreters_main: number;
  /** `gilstate.tstate_current` (3.7–3.11): the thread state that holds the GIL, or 0. */
  readonly tstate_current: number;
  /** `ceval.gil` (3.7–3.11): the state of the GIL that all interpreters share. */
  readonly gil: number;
  /** `gc.collecting`, i32 (3.7, 3.8): garbage is being collected. Later each interpreter has its own. */
  readonly gc_collecting: number;
}

/** `PyInterpreterState` */
export interface InterpreterLayout {
  readonly next: number;
  /** i64 */
  readonly id: number;
  /** Newest thread state. */
  readonly threads_head: number;
  /** `sys.modules` */
  readonly imports_modules: number;
  /** Pointer to the GIL this interpreter uses (3.12+). */
  readonly ceval_gil: number;
  /** i32 (3.9+): garbage is being collected. */
  readonly gc_collecting: number;
  /** The frame that the collection runs under (3.15+). */
  readonly gc_frame: number;
  /** u64 that changes when a code object dies (3.14+). */
  readonly code_object_generation: number;
  /**
   * u32 that every new code object and some functions take their version from and raise (3.13, of which not every release is
   * known); 0 when all have been given away, which does not change any more.
   */
  readonly func_state_next_version: number;
  /** u32 that changes when thread-local bytecode is made (free-threaded 3.14+). */
  readonly tlbc_generation: number;
}

/** `_gil_runtime_state`, from where `interpreter.ceval_gil` points, or from `runtime.gil`. */
export interface GilLayout {
  readonly last_holder: number;
  /** i32: -1 not created, 0 free, 1 held */
  readonly locked: number;
  /** i32, free-threaded builds: > 0 when there is a GIL after all. */
  readonly enabled: number;
  /** Bytes up to the end of the locks that a thread sleeps on that waits for the GIL. */
  readonly size: number;
}

/** `PyThreadState` */
export interface ThreadStateLayout {
  readonly size: number;
  readonly next: number;
  readonly interp: number;
  /** `PyFrameObject*` (up to 3.10). */
  readonly frame: number;
  /** `_PyCFrame*` (3.11, 3.12), which points to the current frame. */
  readonly cframe: number;
  /**
   * Pointer to what the eval loop has on the C stack of the thread that runs it (3.10–3.12), or into the thread state when none does. From
   * 3.11 on the same as `cframe`.
   */
  readonly on_c_stack: number;
  /** `_PyInterpreterFrame*` (3.13+). */
  readonly current_frame: number;
  /** The sentinel that every complete chain ends in (3.15+). */
  readonly base_frame: number;
  /** `pthread_self()`, which `threading.get_ident()` returns. */
  readonly thread_id: number;
  /** Width of `thread_id` and `native_thread_id`: that of C's `long`. */
  readonly thread_id_width: 4 | 8;
  /** `gettid()` in the target's own pid namespace (3.11+); 0 until the thread runs. */
  readonly native_thread_id: number;
  readonly datastack_chunk: number;
  readonly datastack_top: number;
  /** u32 of bits (3.12+). */
  readonly status: number;
  /** i32 (3.14+) */
  readonly holds_gil: number;
  /** i32 (3.15+) */
  readonly gil_requested: number;
  /** i32 (3.13+): 0 detached, 1 attached, 2 suspended, 3 shutting down. Without a GIL, attached is running. */
  readonly state: number;
  /** `current_exception`, up to 3.11 `curexc_type`: not 0 while an exception is being raised. */
  readonly current_exception: number;
  readonly exc_info: number;
}

/** `_PyCFrame` (3.11, 3.12) */
export interface CFrameLayout {
  readonly current_frame: number;
}

/** `_PyStackChunk` (3.11+) */
export interface DataStackChunkLayout {
  readonly previous: number;
  readonly size: number;
  /** In words; valid for chunks that are not the newest. */
  readonly top: number;
  readonly data: number;
}

/** `PyFrameObject` up to 3.10, `_PyInterpreterFrame` from 3.11 on. */
export interface FrameLayout {
  /** Bytes up to and without the locals. */
  readonly size: number;
  /** `f_back`, `previous` */
  readonly previous: number;
  /** `f_code`, `f_executable` */
  readonly executable: number;
  /** Bits of `executable` that are a tag and not part of the address: 0 or 3. */
  readonly executableTag: number;
  /** `f_lasti` (i32), `prev_instr`, `instr_ptr`: {@link instructionKind} says which. */
  readonly instruction: number;
  readonly instructionKind: InstructionKind;
  /** u8 (3.11+) */
  readonly owner: number;
  /** From this value of `owner` on the frame is C's, not Python's (3.12+). */
  readonly firstForeignOwner: number;
  /** u8 (3.11): the first frame of a C activation of the eval loop. */
  readonly is_entry: number;
  readonly localsplus: number;
  readonly f_globals: number;
  /** The namespace of a module or class body. */
  readonly f_locals: number;
  /** i8 (3.10): what a generator's frame is doing; a key of `generator.states`. */
  readonly f_state: number;
  /** Start of the value stack (up to 3.10; then it follows the locals). */
  readonly f_valuestack: number;
  /** `f_stacktop`, `f_stackdepth`, `stacktop`, `stackpointer`: end of the value stack, as {@link stackpointerKind} says. */
  readonly stackpointer: number;
  readonly stackpointerKind: StackpointerKind;
  /** u32: which copy of the bytecode runs (free-threaded 3.14+). */
  readonly tlbc_index: number;
}

/**
 * What the instruction field of a frame means:
 * - `lasti-bytes`: byte offset of the last instruction started (up to 3.9)
 * - `lasti-units`: the same in code units of 2 bytes (3.10)
 * - `prev_instr`: address of the unit before the next instruction (3.11, 3.12)
 * - `instr_ptr`: address of the current instruction (3.13+)
 */
export type InstructionKind = "lasti-bytes" | "lasti-units" | "prev_instr" | "instr_ptr";

/**
 * What the stack pointer field of a frame is:
 * - `pointer`: the address of the slot after the last (up to 3.9, 3.14+)
 * - `depth`: an i32 number of slots from where `f_valuestack` points (3.10)
 * - `index`: an i32 number of slots from `localsplus` (3.11–3.13)
 */
export type StackpointerKind = "pointer" | "depth" | "index";

/** How a code object maps instructions to lines: which object it keeps, in which encoding. */
export type LineTableKind = "lnotab-unsigned" | "lnotab" | "linetable" | "locations";

/** `PyCodeObject` */
export interface CodeLayout {
  readonly size: number;
  readonly co_argcount: number;
  readonly co_posonlyargcount: number;
  readonly co_kwonlyargcount: number;
  readonly co_nlocals: number;
  readonly co_nlocalsplus: number;
  readonly co_flags: number;
  readonly co_firstlineno: number;
  readonly co_varnames: number;
  readonly co_freevars: number;
  readonly co_cellvars: number;
  readonly co_localsplusnames: number;
  readonly co_localspluskinds: number;
  readonly co_filename: number;
  readonly co_name: number;
  readonly co_qualname: number;
  /** `co_lnotab` or `co_linetable`: a pointer to a bytes object (a `str` in 2.x). */
  readonly linetable: number;
  readonly lineTableKind: LineTableKind;
  /** A pointer to the bytecode object (up to 3.10). */
  readonly co_code: number;
  /** Where the bytecode starts inside the code object (3.11+). */
  readonly co_code_adaptive: number;
  /** i32 (3.11+): index of the first instruction that a traceback shows. */
  readonly _co_firsttraceable: number;
  /** u32 (3.12+): the code object's number, which no other one gets; 0 when the numbers have run out. */
  readonly co_version: number;
  /** Pointer to the copies of the bytecode, one a thread (free-threaded 3.14+). */
  readonly co_tlbc: number;
}
