import { type BinaryImage, type FileMapping, type ImageOffset, ParseError } from "@pyspy/binary-symbols";
import { DEBUG_OFFSETS_READ_SIZE, readDebugOffsetsHeader } from "@pyspy/cpython-layouts";

/** Where a binary says that its runtime is. */
export interface RuntimeClue {
  readonly method: "symbol" | "section" | "debug-file" | "accessor";
  /** `_PyRuntime` (3.7+), or the variable `interp_head` (up to 3.6). */
  readonly kind: "runtime" | "interp_head";
  readonly place: ImageOffset;
}

/** What the tables of a binary tell about the Python in it, in the binary's own addresses. */
export interface BinaryClues {
  readonly pointerSize: 4 | 8;
  readonly runtime: RuntimeClue | undefined;
  /** It has a runtime, or exports functions of Python's own. */
  readonly isPython: boolean;
  /** `Py_Version` (3.11+) */
  readonly version: ImageOffset | undefined;
  /** `_PyThreadState_Current` (up to 3.6) */
  readonly currentThread: ImageOffset | undefined;
  /** `interpreter_lock` (up to 3.1): a pointer to the lock that is the GIL. Only in binaries that are not stripped, as the next two. */
  readonly interpreterLock: ImageOffset | undefined;
  /** `gil_cond`, `gil_mutex`, `switch_cond` and `switch_mutex` (3.2–3.6): what threads sleep on that wait for the GIL. */
  readonly gilLocks: readonly ImageOffset[];
  /** `collecting` (up to 3.6): garbage is being collected. */
  readonly collecting: ImageOffset | undefined;
  /** `_Py_PrintReferences` is only in builds that trace references. */
  readonly traceReferences: boolean;
  /** Size of a `Py_UNICODE` of 2.x, which is part of its functions' names. */
  readonly unicodeSize: 2 | 4;
  /** Its variables, among which Python keeps the text of its version. */
  readonly variables: readonly { readonly offset: ImageOffset; readonly size: number }[];
  /** What to add to get addresses, for a part of the file that is mapped at an address. */
  bias(mapping: FileMapping): number | undefined;
}

/** A segment that is larger holds more than a program's variables. */
const MAX_VARIABLES_BYTES = 1 << 26;

/** Exported by every Python, and up to 3.6 a way to the variable `interp_head`. */
const ACCESSOR = "PyInterpreterState_Head";

const GIL_LOCKS = ["gil_cond", "gil_mutex", "switch_cond", "switch_mutex"];

/** Reads all that a Python's binary tells. `image` may be the separate debug file of the one that is mapped. */
export function readClues(image: BinaryImage, debugImage?: BinaryImage): BinaryClues {
  const runtime = findRuntime(image) ?? (debugImage && inDebugFile(findRuntime(debugImage)));
  const place = (name: string) => symbolOf(image, name) ?? (debugImage && symbolOf(debugImage, name));
  const isOld = runtime?.kind === "interp_head";
  const needsBuild = runtime !== undefined && (isOld || !describesItself(image, runtime));
  return {
    pointerSize: image.pointerSize,
    runtime,
    isPython: runtime !== undefined || place(ACCESSOR) !== undefined,
    version: needsBuild && !isOld ? place("Py_Version") : undefined,
    currentThread: isOld ? place("_PyThreadState_Current") : undefined,
    interpreterLock: isOld ? place("interpreter_lock") : undefined,
    gilLocks: isOld ? GIL_LOCKS.flatMap((name) => place(name) ?? []) : [],
    collecting: isOld ? place("collecting") : undefined,
    traceReferences: needsBuild && place("_Py_PrintReferences") !== undefined,
    unicodeSize: isOld && place("PyUnicodeUCS2_AsUTF8String") !== undefined ? 2 : 4,
    variables: image.segments
      .filter((segment) => segment.writable && segment.memorySize <= MAX_VARIABLES_BYTES)
      .map((segment) => ({ offset: segment.imageOffset, size: segment.memorySize })),
    bias: (mapping) => image.loadBias(mapping),
  };
}

function findRuntime(image: BinaryImage): RuntimeClue | undefined {
  const symbol = symbolOf(image, "_PyRuntime");
  if (symbol !== undefined) return { method: "symbol", kind: "runtime", place: symbol };
  const section = unlessDamaged(() => image.section(".PyRuntime"));
  if (section !== undefined) return { method: "section", kind: "runtime", place: section.imageOffset };
  const variable = symbolOf(image, "interp_head");
  if (variable !== undefined) return { method: "symbol", kind: "interp_head", place: variable };
  const place = decodeAccessor(image);
  return place === undefined ? undefined : { method: "accessor", kind: "interp_head", place };
}

/** Begins with `_Py_DebugOffsets` (3.13+), which tell all that a version and a build would: no more names are looked for then. */
function describesItself(image: BinaryImage, { place }: RuntimeClue): boolean {
  const bytes = image.bytesAt(place, DEBUG_OFFSETS_READ_SIZE);
  return readDebugOffsetsHeader(bytes) !== undefined;
}

function symbolOf(image: BinaryImage, name: string): ImageOffset | undefined {
  return unlessDamaged(() => image.symbol(name)?.imageOffset);
}

/** What a table tells, undefined if it is damaged or not all there: another one, or memory, may tell it. */
function unlessDamaged<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

function inDebugFile(clue: RuntimeClue | undefined): RuntimeClue | undefined {
  return clue && { ...clue, method: "debug-file" };
}

/**
 * `PyInterpreterState_Head` is exported by every Python, and up to 3.6 returns the variable `interp_head`, which stripped
 * binaries do not name: `mov rax, [rip + distance]; ret`, on 32-bit x86 `mov eax, [address]; ret`.
 */
function decodeAccessor(image: BinaryImage): ImageOffset | undefined {
  const accessor = symbolOf(image, ACCESSOR);
  if (accessor === undefined) return undefined;
  const code = image.bytesAt(accessor, 16);
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  // Compiled for control-flow protection it begins with `endbr64`.
  const start = code.length >= 4 && view.getUint32(0, true) === 0xfa1e0ff3 ? 4 : 0;
  if (image.architecture === "x86-64" && code.length >= start + 8) {
    const isLoad = code[start] === 0x48 && code[start + 1] === 0x8b && code[start + 2] === 0x05;
    if (isLoad && code[start + 7] === 0xc3) return accessor + start + 7 + view.getInt32(start + 3, true);
  }
  if (image.architecture === "x86" && code[start] === 0xa1 && code[start + 5] === 0xc3) {
    return view.getUint32(start + 1, true);
  }
  return undefined;
}
