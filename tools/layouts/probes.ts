/**
 * What to ask of a version's headers, in the order of the rows. A key is answered by the first of its C expressions
 * that compiles; a key without such an expression is not in the row of that version.
 */
export interface Probe {
  readonly key: string;
  readonly expressions: readonly string[];
}

/** One field, or the names it had in other versions, the ones that exclude each other separated by `|`. */
type Fields = Readonly<Record<string, string>>;

function offsets(prefix: string, type: string, fields: Fields): readonly Probe[] {
  return Object.entries(fields).map(([name, members]) => ({
    key: prefix === "" ? name : `${prefix}.${name}`,
    expressions: (members || name).split("|").map((member) => `offsetof(${type}, ${member})`),
  }));
}

/** Fields whose key is their name. */
function fields(prefix: string, type: string, names: string): readonly Probe[] {
  return offsets(prefix, type, Object.fromEntries(names.split(" ").map((name) => [name, name])));
}

function size(key: string, ...types: readonly string[]): Probe {
  return { key: `sizeof.${key}`, expressions: types.map((type) => `sizeof(${type})`) };
}

function constants(names: string): readonly Probe[] {
  return names.split(" ").map((name) => ({ key: `K.${name}`, expressions: [name] }));
}

/** Every key of a row, in order. `|` separates the names of a field in different versions. */
export const probes: readonly Probe[] = [
  ...offsets("runtime", "_PyRuntimeState", {
    "interpreters.head": "",
    "gilstate.tstate_current": "",
    "ceval.gil": "",
    "ceval.gil.locked": "",
    "ceval.gil.last_holder": "",
    autoTSSkey: "gilstate.autoTSSkey|autoTSSkey",
    _finalizing: "finalizing|_finalizing",
    "interpreters.main": "",
    "gc.collecting": "",
  }),
  size("runtime", "_PyRuntimeState"),

  ...offsets("is", "PyInterpreterState", {
    next: "",
    id: "",
    tstate_head: "tstate_head|threads.head",
    threads_main: "threads.main",
    modules: "modules|imports.modules",
    sysdict: "",
    "ceval.gil": "",
    _gil: "",
    "ceval.own_gil": "",
    gc: "",
    "gc.collecting": "",
    "gc.frame": "",
    code_object_generation: "_code_object_generation",
    tlbc_generation: "tlbc_indices.tlbc_generation",
    asyncio_tasks_head: "",
  }),
  size("is", "PyInterpreterState"),

  ...fields("gil", "struct _gil_runtime_state", "locked last_holder enabled interval"),

  ...fields("ts", "PyThreadState", "next prev interp current_frame base_frame"),
  ...fields("ts", "PyThreadState", "last_profiled_frame last_profiled_frame_seq"),
  ...fields("ts", "PyThreadState", "frame cframe thread_id native_thread_id id"),
  ...offsets("ts", "PyThreadState", { _status: "_status|_initialized" }),
  ...fields("ts", "PyThreadState", "holds_gil gil_requested state datastack_chunk datastack_top"),
  ...offsets("ts", "PyThreadState", { curexc: "curexc_type|current_exception" }),
  ...fields("ts", "PyThreadState", "exc_info exc_state"),
  ...fields(
    "ts",
    "_PyThreadStateImpl",
    "asyncio_running_loop asyncio_running_task asyncio_tasks_head tlbc_index",
  ),
  ...offsets("ts", "PyThreadState", { "exc_type(old)": "exc_type" }),
  size("ts", "PyThreadState"),
  size("tsimpl", "_PyThreadStateImpl"),

  ...fields("cframe", "_PyCFrame", "current_frame"),
  size("cframe", "_PyCFrame", "CFrame"),

  ...offsets("if", "_PyInterpreterFrame", {
    code: "f_code|f_executable",
    previous: "",
    f_func: "f_func|f_funcobj",
    globals: "f_globals",
    builtins: "f_builtins",
    f_locals: "",
    frame_obj: "",
    "prev_instr/instr_ptr": "prev_instr|instr_ptr",
    "stacktop/stackpointer": "stacktop|stackpointer",
    return_offset: "",
    owner: "",
    tlbc_index: "",
    is_entry: "",
    localsplus: "",
  }),
  size("if", "_PyInterpreterFrame"),

  ...fields(
    "fo",
    "PyFrameObject",
    "f_back f_code f_lasti f_lineno f_frame f_globals f_localsplus f_valuestack",
  ),
  ...offsets("fo", "PyFrameObject", {
    f_stacktop: "f_stacktop|f_stackdepth",
    f_state: "f_state|f_executing",
  }),
  size("fo", "PyFrameObject"),

  ...fields(
    "code",
    "PyCodeObject",
    "co_argcount co_posonlyargcount co_kwonlyargcount co_nlocals co_nlocalsplus",
  ),
  ...fields(
    "code",
    "PyCodeObject",
    "co_ncellvars co_nfreevars co_framesize co_stacksize co_flags co_firstlineno",
  ),
  ...fields("code", "PyCodeObject", "co_localsplusnames co_localspluskinds co_code co_varnames co_cellvars"),
  ...fields(
    "code",
    "PyCodeObject",
    "co_freevars co_filename co_name co_qualname co_linetable co_exceptiontable",
  ),
  ...fields("code", "PyCodeObject", "co_code_adaptive co_tlbc co_version _co_firsttraceable"),
  ...fields("code", "PyCodeObject", "_co_instrumentation_version co_executors co_lnotab"),
  size("code", "PyCodeObject"),

  ...fields("chunk", "_PyStackChunk", "previous size top data"),

  ...offsets("", "PyObject", {
    ob_type: "",
    ob_refcnt: "ob_refcnt|ob_ref_local",
    ob_tid: "",
    ob_ref_shared: "",
  }),
  size("ob", "PyObject"),
  ...fields("var", "PyVarObject", "ob_size"),
  size("ob_size", "((PyVarObject *)0)->ob_size"),

  ...fields(
    "type",
    "PyTypeObject",
    "tp_name tp_basicsize tp_itemsize tp_flags tp_dict tp_dictoffset tp_base",
  ),
  ...fields("type", "PyTypeObject", "tp_mro tp_subclasses tp_weaklistoffset"),
  size("type", "PyTypeObject"),
  ...fields("", "PyHeapTypeObject", "ht_cached_keys ht_qualname ht_name"),
  size("heaptype", "PyHeapTypeObject"),

  ...fields("ascii", "PyASCIIObject", "length hash state"),
  size("ascii", "PyASCIIObject"),
  size("compact", "PyCompactUnicodeObject"),
  ...fields("unicode", "PyUnicodeObject", "data.any"),
  ...fields("compact", "PyCompactUnicodeObject", "utf8_length"),
  ...fields("unicode2", "PyUnicodeObject", "str length"),
  ...fields("string2", "PyStringObject", "ob_sval ob_size"),
  ...fields("int2", "PyIntObject", "ob_ival"),
  ...fields("bytes", "PyBytesObject", "ob_sval"),
  ...offsets("long", "struct _longobject", {
    ob_digit: "ob_digit|long_value.ob_digit",
    lv_tag: "long_value.lv_tag",
  }),
  size("digit", "digit"),
  ...fields("float", "PyFloatObject", "ob_fval"),
  ...fields("tuple", "PyTupleObject", "ob_item ob_hash"),
  ...fields("list", "PyListObject", "ob_item"),

  ...fields("dict", "PyDictObject", "ma_used ma_keys ma_values"),
  ...offsets("dict", "PyDictObject", {
    "ma_fill(2)": "ma_fill",
    "ma_mask(2)": "ma_mask",
    "ma_table(2)": "ma_table",
  }),
  size("dict", "PyDictObject"),
  ...fields(
    "keys",
    "PyDictKeysObject",
    "dk_refcnt dk_log2_size dk_log2_index_bytes dk_kind dk_size dk_usable",
  ),
  ...fields("keys", "PyDictKeysObject", "dk_nentries dk_indices dk_mutex dk_entries"),
  size("keys", "PyDictKeysObject"),
  size("keyentry", "PyDictKeyEntry"),
  size("uentry", "PyDictUnicodeEntry"),
  ...fields("dvalues", "PyDictValues", "values capacity size embedded valid"),
  { key: "MANAGED_DICT_OFFSET", expressions: ["MANAGED_DICT_OFFSET"] },
  { key: "MANAGED_WEAKREF_OFFSET", expressions: ["MANAGED_WEAKREF_OFFSET"] },
  size("dictentry2", "PyDictEntry"),
  // Where 3.11 keeps the values of an instance; it has no name there, and means nothing in other versions.
  { key: "MANAGED_VALUES", expressions: ["-4 * (long)sizeof(PyObject *)"] },
  ...fields("set", "PySetObject", "used mask table fill"),

  ...fields("gen", "PyGenObject", "gi_iframe gi_frame_state"),
  ...offsets("gen", "PyGenObject", { "gi_frame(obj)": "gi_frame" }),
  ...fields("gen", "PyGenObject", "gi_code gi_name gi_qualname gi_exc_state"),
  size("gen", "PyGenObject"),
  ...fields("func", "PyFunctionObject", "func_qualname func_code func_module"),

  size("pthread_mutex", "pthread_mutex_t"),
  size("pthread_cond", "pthread_cond_t"),

  ...constants("FRAME_OWNED_BY_THREAD FRAME_OWNED_BY_GENERATOR FRAME_OWNED_BY_FRAME_OBJECT"),
  ...constants("FRAME_OWNED_BY_CSTACK FRAME_OWNED_BY_INTERPRETER"),
  ...constants("FRAME_CREATED FRAME_SUSPENDED FRAME_SUSPENDED_YIELD_FROM FRAME_SUSPENDED_YIELD_FROM_LOCKED"),
  ...constants("FRAME_EXECUTING FRAME_COMPLETED FRAME_CLEARED"),
  ...constants("Py_TAG_BITS Py_TAG_REFCNT Py_INT_TAG Py_TAG_INVALID Py_TAG_DEFERRED"),
  ...constants("DICT_KEYS_GENERAL DICT_KEYS_UNICODE DICT_KEYS_SPLIT"),
  ...constants("CO_FAST_LOCAL CO_FAST_CELL CO_FAST_FREE CO_FAST_HIDDEN CO_FAST_ARG_POS"),
  ...constants("_PY_DATA_STACK_CHUNK_SIZE"),
  ...constants("Py_TPFLAGS_MANAGED_DICT Py_TPFLAGS_INLINE_VALUES _Py_TPFLAGS_STATIC_BUILTIN"),
  ...constants(
    "NON_SIZE_BITS SIGN_MASK FRAME_RETURNED FRAME_UNWINDING FRAME_RAISED Py_UNICODE_SIZE CO_MAXBLOCKS",
  ),
  ...constants("_Py_THREAD_DETACHED _Py_THREAD_ATTACHED _Py_THREAD_SUSPENDED _Py_THREAD_SHUTTING_DOWN"),
  ...constants("PyLong_SHIFT"),
  size("debug_offsets", "_Py_DebugOffsets"),
];
