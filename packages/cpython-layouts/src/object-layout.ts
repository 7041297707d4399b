/**
 * Where the objects that a program works with keep their values. Conventions as in `layout.ts`: offsets in bytes from
 * the start of the object, `ABSENT` for what a build does not have.
 */

/** `PyObject`, `PyVarObject` */
export interface ObjectLayout {
  readonly size: number;
  readonly ob_type: number;
  readonly ob_size: number;
  /** Width of `ob_size` in bytes: 4 up to 2.4, then that of a pointer. */
  readonly ob_size_width: 4 | 8;
}

/** `PyTypeObject`, `PyHeapTypeObject` */
export interface TypeLayout {
  /** Size of what is read here: up to and with `ht_cached_keys`, where there is one. */
  readonly size: number;
  /** `const char *` */
  readonly tp_name: number;
  readonly tp_basicsize: number;
  readonly tp_itemsize: number;
  /** The bits that matter are in the lower u32. */
  readonly tp_flags: number;
  readonly tp_base: number;
  readonly tp_dict: number;
  readonly tp_dictoffset: number;
  readonly tp_mro: number;
  readonly ht_cached_keys: number;
  /** False up to 2.5: `tp_flags` does not say that a type is a kind of int, str, dict … */
  readonly hasSubclassFlags: boolean;
}

/** `PyASCIIObject` and what follows it (3.3+). */
export interface UnicodeLayout {
  /** Length in code points. */
  readonly length: number;
  readonly state: number;
  /** Where the text starts in a compact ASCII string. */
  readonly asciiData: number;
  /** Where the text starts in another compact string. */
  readonly compactData: number;
  /** Pointer to the text of a string that is not compact. */
  readonly data: number;
  /** Lowest bit of the 3-bit kind in `state`. */
  readonly kindShift: number;
  readonly compactShift: number;
  readonly asciiShift: number;
  /** Pointer to the `wchar_t` text of a string whose kind is 0: not ready (up to 3.11). */
  readonly wstr: number;
  /** Its length. */
  readonly wstr_length: number;
  /** Size of a `wchar_t`. */
  readonly wcharSize: 2 | 4;
}

/** `PyUnicodeObject` of 2.x */
export interface Unicode2Layout {
  readonly length: number;
  /** Pointer to the text. */
  readonly str: number;
  /** Size of a `Py_UNICODE`. */
  readonly unitSize: 2 | 4;
}

/** `PyBytesObject` (`PyStringObject` in 2.x) */
export interface BytesLayout {
  readonly ob_sval: number;
}

/** `PyLongObject`, and `PyIntObject` of 2.x */
export interface IntLayout {
  /** The value of a 2.x `int`, in C's `long`. */
  readonly ob_ival: number;
  /** Size of a C `long`. */
  readonly longSize: 4 | 8;
  /** Number of digits and sign (3.12+); before, both are in `ob_size`. */
  readonly lv_tag: number;
  readonly ob_digit: number;
  readonly digitSize: 2 | 4;
  /** Bits of value in a digit: 30 or 15. */
  readonly digitBits: number;
}

/** `PyFloatObject`, `PyComplexObject` */
export interface FloatLayout {
  readonly ob_fval: number;
  /** Two f64: the real and the imaginary part. */
  readonly cval: number;
}

/** `PyTupleObject`, `PyListObject` */
export interface SequenceLayout {
  /** Where the items of a tuple start in it. */
  readonly tupleItems: number;
  /** Pointer to the items of a list. */
  readonly listItems: number;
}

/** `PySetObject` (2.5+) and the entries of its table */
export interface SetLayout {
  readonly used: number;
  readonly mask: number;
  readonly table: number;
  readonly entryKey: number;
  readonly entryHash: number;
  /** The entry of a member that was taken out has the hash -1 (3.5+). */
  readonly marksRemoved: boolean;
}

/** `PyDictObject` */
export interface DictLayout {
  readonly ma_used: number;
  /** The table and its size less one (2.x). */
  readonly ma_table: number;
  readonly ma_mask: number;
  /** 3.3+ */
  readonly ma_keys: number;
  /** Not 0 in a dict that shares its keys: pointer to the values. */
  readonly ma_values: number;
  /** Where the values start behind `ma_values` (3.3+). */
  readonly values: number;
}

/** `PyDictKeysObject` (3.3+) */
export interface DictKeysLayout {
  /** Number of slots; from 3.11 on only its logarithm. */
  readonly dk_size: number;
  readonly dk_log2_size: number;
  readonly dk_log2_index_bytes: number;
  /** u8 (3.11+): 0 general, 1 all keys are strings, 2 split. */
  readonly dk_kind: number;
  /** Number of entries used (3.6+). */
  readonly dk_nentries: number;
  /** Where the indices start, or up to 3.5 the entries. */
  readonly header: number;
}

/**
 * Where an instance of a type with `Py_TPFLAGS_MANAGED_DICT` keeps its attributes (3.11+); offsets from the object,
 * negative because they are in front of it.
 */
export interface ManagedDictLayout {
  /** Pointer to the dict. */
  readonly dict: number;
  /** Pointer to the values, where that is a field of its own (3.11). */
  readonly values: number;
  /** The two share a field, and bit 0 says that it is values (3.12). */
  readonly isTagged: boolean;
  /** Offset of the flag in `PyDictValues` that inline values are the ones to read (3.13+). */
  readonly inlineValid: number;
}

/** What a generator is doing. `awaiting` is suspended in a `yield from` or `await`. */
export type GeneratorState = "created" | "suspended" | "awaiting" | "executing" | "finished";

/** `PyGenObject`, and coroutines and asynchronous generators, which begin like it */
export interface GeneratorLayout {
  /** Pointer to the frame object (up to 3.10). */
  readonly gi_frame: number;
  /** u8 (up to 3.9) */
  readonly gi_running: number;
  /** The frame itself (3.11+). */
  readonly gi_iframe: number;
  /** i8 (3.11+): a key of {@link states}. */
  readonly gi_frame_state: number;
  readonly gi_name: number;
  readonly gi_qualname: number;
  /** What the values of `gi_frame_state`, or in 3.10 of `frame.f_state`, mean. */
  readonly states: Readonly<Record<number, GeneratorState>>;
  /**
   * Opcodes that a suspended generator resumes at when it awaits, for builds whose state does not tell (3.3–3.12).
   */
  readonly awaitOpcodes: readonly number[];
  /** The opcode means it only from this value of its argument's lowest two bits on (3.11, 3.12: 2; else 0). */
  readonly awaitOparg: number;
  /** From the start of the last instruction to the next one, in bytes, where the frame keeps an index. */
  readonly instructionSize: number;
  /** The awaited object is this many slots from the end of the value stack: 1, or 2 (3.15). */
  readonly awaitedDepth: number;
}

/** `PyFunctionObject` */
export interface FunctionLayout {
  readonly func_code: number;
  /** Tuple of cells, or NULL. */
  readonly func_closure: number;
  readonly func_qualname: number;
  readonly func_module: number;
}

/** `PyCellObject` */
export interface CellLayout {
  readonly ob_ref: number;
}

/** `PyWeakReference` */
export interface WeakReferenceLayout {
  readonly wr_object: number;
}

/** `_PyStackRef` (3.14+, and free-threaded 3.13): how a value on the stack says what it is. */
export interface StackReferenceLayout {
  /** Bits that are not part of an address; 0 where values are plain pointers. */
  readonly tagBits: number;
  /** The tag of an integer that is no object (3.14+). */
  readonly integerTag: number;
}

/** `dequeobject` of `_collections` (2.7, 3.5+; nobody has looked at others), and its blocks */
export interface DequeLayout {
  readonly length: number;
  readonly leftblock: number;
  readonly leftindex: number;
  /** Py_ssize_t, -1 if there is none. */
  readonly maxlen: number;
  /** In a block: where its items start. */
  readonly blockItems: number;
  /** Items that a block has room for. */
  readonly blockLength: number;
  /** In a block: pointer to the next one. */
  readonly blockNext: number;
}

/** In what other objects of C's library differ between versions. */
export interface LibraryLayout {
  /** `_thread.RLock` is a `_PyRecursiveMutex` (3.14+). */
  readonly hasRecursiveMutex: boolean;
  /** Times of `datetime` know which of two that a clock shows twice they are (3.6+). */
  readonly hasFold: boolean;
}

/** `fileio` of `_io`: an int, and behind it single bits, of which these are the numbers */
export interface RawFileLayout {
  readonly fd: number;
  readonly created: number;
  /** `writable` and `appending` are the next ones. */
  readonly readable: number;
  readonly closefd: number;
}

/** `TaskObj` of `_asyncio` where no table describes it (3.7–3.13); seen in live objects. */
export interface AsyncioTaskLayout {
  readonly task_fut_waiter: number;
  readonly task_coro: number;
  /** 3.8+; from 3.12 on it can be an int. */
  readonly task_name: number;
  /** There is one (3.14+): the section `.AsyncioDebug`. */
  readonly hasTable: boolean;
}
