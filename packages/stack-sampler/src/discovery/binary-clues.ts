import { type BinaryImage, type FileMapping, type ImageOffset, ParseError } from "@pyspy/binary-symbols";
import { DEBUG_OFFSETS_READ_SIZE, readDebugOffsetsHeader } from "@pyspy/cpython-layouts";

/** Where a binary says that its runtime is. */
export interface RuntimeClue {
  readonly method: "symbol" | "section" | "debug-file" | "accessor";
  /** `_PyRuntime` (3.7+), or the variable `interp_head` (up to 3.6). */
  readonly kind: "runtime" | "interp_head";
  readonly place: ImageOffset;
}

/** A look for the runtime that led nowhere. */
export interface VainLook {
  readonly method: RuntimeClue["method"];
  readonly outcome: "nothing" | "unreadable";
  /** What was missing, as a sentence. */
  readonly detail: string;
}

/** What the tables of a binary tell about the Python in it, in the binary's own addresses. */
export interface BinaryClues {
  readonly pointerSize: 4 | 8;
  readonly runtime: RuntimeClue | undefined;
  /** What was tried before {@link runtime} was found, in order. */
  readonly vainLooks: readonly VainLook[];
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
  const { runtime, vainLooks } = findRuntimeOf(image, debugImage);
  const place = (name: string) => symbolOf(image, name) ?? (debugImage && symbolOf(debugImage, name));
  const isOld = runtime?.kind === "interp_head";
  const needsBuild = runtime !== undefined && (isOld || !describesItself(image, runtime));
  return {
    pointerSize: image.pointerSize,
    runtime,
    vainLooks,
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

type Search = Pick<BinaryClues, "runtime" | "vainLooks">;

function findRuntimeOf(image: BinaryImage, debugImage: BinaryImage | undefined): Search {
  const own = findRuntime(image);
  if (own.runtime !== undefined || debugImage === undefined) return own;
  const { runtime, vainLooks } = findRuntime(debugImage);
  // No code is in there that could be decoded.
  const looks = vainLooks.filter(({ method }) => method !== "accessor");
  return {
    runtime: runtime && { ...runtime, method: "debug-file" },
    vainLooks: [...own.vainLooks, ...looks.map((look): VainLook => ({ ...look, method: "debug-file" }))],
  };
}

function findRuntime(image: BinaryImage): Search {
  const vainLooks: VainLook[] = [];
  for (const { method, kind, look, missing } of WAYS) {
    try {
      const place = look(image);
      if (place !== undefined) return { runtime: { method, kind, place }, vainLooks };
      vainLooks.push({ method, outcome: "nothing", detail: missing });
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      vainLooks.push({ method, outcome: "unreadable", detail: `${missing} that can be read` });
    }
  }
  return { runtime: undefined, vainLooks };
}

/** How a binary can lead to its runtime, in the order in which it is tried. */
const WAYS: readonly (Pick<RuntimeClue, "method" | "kind"> & {
  readonly look: (image: BinaryImage) => ImageOffset | undefined;
  readonly missing: string;
})[] = [
  {
    method: "symbol",
    kind: "runtime",
    look: (image) => image.symbol("_PyRuntime")?.imageOffset,
    missing: "it has no symbol _PyRuntime",
  },
  {
    method: "section",
    kind: "runtime",
    look: (image) => image.section(".PyRuntime")?.imageOffset,
    missing: "it has no section .PyRuntime",
  },
  {
    method: "symbol",
    kind: "interp_head",
    look: (image) => image.symbol("interp_head")?.imageOffset,
    missing: "it has no symbol interp_head",
  },
  {
    method: "accessor",
    kind: "interp_head",
    look: decodeAccessor,
    missing: "it has no function PyInterpreterState_Head that returns interp_head",
  },
];

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
