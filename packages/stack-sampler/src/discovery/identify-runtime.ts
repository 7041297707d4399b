import {
  ABSENT,
  DEBUG_OFFSETS_READ_SIZE,
  implementationIn,
  type Layout,
  LayoutError,
  layoutFor,
  layoutFromDebugOffsets,
  type PythonBuild,
  type PythonVersion,
  parsePyVersionHex,
  parseVersionText,
  readDebugOffsetsHeader,
} from "@pyspy/cpython-layouts";
import type { Address, MemoryReader } from "@pyspy/proc-memory";
import type { GilLock, PythonRuntime } from "../python/python-runtime.js";
import { TargetWords } from "../python/target-words.js";
import type { BinaryClues, RuntimeClue } from "./binary-clues.js";

/** What something that looked like a runtime turned out to be. */
export type Identification =
  | { readonly kind: "found"; readonly runtime: PythonRuntime }
  /** `runtime` is what it will be, if that is known already. */
  | { readonly kind: "starting"; readonly runtime?: PythonRuntime }
  | { readonly kind: "finalized" | "denied" }
  | { readonly kind: "unsupported"; readonly reason: string; readonly cause: unknown };

/** A binary that is mapped in a process. */
export interface LoadedBinary {
  readonly path: string;
  readonly clues: BinaryClues;
  /** What to add to the binary's own addresses. */
  readonly bias: number;
}

/** A {@link LoadedBinary} of which another process has told which Python it is: all processes that run it have one layout. */
export function identifyKnown(
  memory: MemoryReader,
  binary: LoadedBinary,
  layout: Layout,
  { kind, place }: RuntimeClue,
): Identification | undefined {
  const head = binary.bias + place + (kind === "runtime" ? layout.runtime.interpreters_head : 0);
  const runtime = runtimeOf(layout, head, binary);
  return isReady(memory, runtime) ? { kind: "found", runtime } : undefined;
}

/** How much of a binary's variables is looked through at a time for the text of the version. */
const WINDOW_BYTES = 1 << 20;
/** More than the part of that text that has to be seen at once. */
const WINDOW_OVERLAP = 128;
/** Version, build, compiler: the buffer that Python makes it in. */
const LONGEST_VERSION_TEXT = 300;

/** Finds out which Python has its `_PyRuntime` at `address`, and whether it is ready. */
export function identifyRuntime(
  memory: MemoryReader,
  binary: LoadedBinary,
  address: Address,
): Identification {
  const start = new Uint8Array(DEBUG_OFFSETS_READ_SIZE);
  const length = memory.readInto(address, start);
  if (length === 0) return { kind: memory.failure === "denied" ? "denied" : "starting" };
  return unlessUnsupported(() => {
    const layout = layoutAt(memory, binary, start.subarray(0, length));
    return layout && runtimeOf(layout, address + layout.runtime.interpreters_head, binary);
  }, memory);
}

/** The same for a Python up to 3.6, of which the variable `interp_head` is known. */
export function identifyInterpreterHead(
  memory: MemoryReader,
  binary: LoadedBinary,
  head: Address,
): Identification {
  return unlessUnsupported(() => {
    const layout = layoutByVersion(memory, binary);
    return layout && runtimeOf(layout, head, binary);
  }, memory);
}

/** The layout that the version and build of a Python up to 3.12 has; undefined while it does not say its version yet. */
export function layoutByVersion(memory: MemoryReader, { clues, bias }: LoadedBinary): Layout | undefined {
  const { traceReferences, unicodeSize, pointerSize } = clues;
  const build: PythonBuild = {
    traceReferences,
    unicodeSize,
    ...(pointerSize === 4 && { architecture: "ia32" }),
  };
  if (clues.version !== undefined) {
    const bytes = new Uint8Array(4);
    if (memory.readInto(bias + clues.version, bytes) < bytes.length) return undefined;
    return layoutFor(parsePyVersionHex(new DataView(bytes.buffer).getUint32(0, true)), build);
  }
  const text = findVersionText(memory, clues, bias);
  if (text === undefined) return undefined;
  const implementation = implementationIn(text.text);
  // Up to 3.7 a debug build traces references as well.
  const debug = text.version.major === 2 || text.version.minor < 8 ? traceReferences : false;
  return layoutFor(text.version, {
    ...build,
    debug,
    ...(implementation !== undefined && { implementation }),
  });
}

/** There is an interpreter, it has a thread, and the thread says that it belongs there. */
export function isReady(memory: MemoryReader, { layout, interpretersHead }: PythonRuntime): boolean {
  const words = new TargetWords(memory, layout.pointerSize);
  const interpreter = words.read(interpretersHead) ?? 0;
  if (interpreter === 0) return false;
  const thread = words.read(interpreter + layout.interpreter.threads_head) ?? 0;
  return thread !== 0 && words.read(thread + layout.threadState.interp) === interpreter;
}

/**
 * Of a runtime that is not ready: whether it has been one before. `_PyRuntime` remembers the thread that ended it until it begins
 * anew. Up to 3.6 it has a version to tell, which the first interpreter makes, but no interpreter.
 */
export function isFinalized(memory: MemoryReader, { layout, interpretersHead }: PythonRuntime): boolean {
  const { finalizing, interpreters_head } = layout.runtime;
  const words = new TargetWords(memory, layout.pointerSize);
  if (finalizing === ABSENT) return words.read(interpretersHead) === 0;
  return (words.read(interpretersHead - interpreters_head + finalizing) ?? 0) !== 0;
}

function unlessUnsupported(identify: () => PythonRuntime | undefined, memory: MemoryReader): Identification {
  try {
    const runtime = identify();
    if (runtime === undefined) return { kind: "starting" };
    if (isReady(memory, runtime)) return { kind: "found", runtime };
    return isFinalized(memory, runtime) ? { kind: "finalized" } : { kind: "starting", runtime };
  } catch (error) {
    if (error instanceof LayoutError) return { kind: "unsupported", reason: error.message, cause: error };
    throw error;
  }
}

/** From 3.13 on the runtime describes itself; before, its version tells. */
function layoutAt(memory: MemoryReader, binary: LoadedBinary, start: Uint8Array): Layout | undefined {
  return readDebugOffsetsHeader(start) === undefined
    ? layoutByVersion(memory, binary)
    : layoutFromDebugOffsets(start);
}

export function runtimeOf(
  layout: Layout,
  interpretersHead: Address,
  { path, clues, bias }: LoadedBinary,
): PythonRuntime {
  const { interpreters_head, tstate_current, gil, gc_collecting } = layout.runtime;
  const inRuntime = (offset: number) =>
    offset === ABSENT ? 0 : interpretersHead - interpreters_head + offset;
  const inBinary = (place: number | undefined) => (place === undefined ? 0 : bias + place);
  return {
    layout,
    interpretersHead,
    gilHolder: inRuntime(tstate_current) || inBinary(clues.currentThread),
    gilLocks:
      gil === ABSENT
        ? oldGilLocks(clues, bias)
        : [{ address: inRuntime(gil), size: layout.gil.size, isPointer: false }],
    collecting: inRuntime(gc_collecting) || inBinary(clues.collecting),
    image: path,
  };
}

/** Size of a `pthread_cond_t`, the larger one of the two. */
const CONDITION_BYTES = 48;
/** Size of a `sem_t`, which a lock is up to 3.1. */
const SEMAPHORE_BYTES = 32;

function oldGilLocks({ interpreterLock, gilLocks }: BinaryClues, bias: number): readonly GilLock[] {
  const locks = gilLocks.map((place) => ({
    address: bias + place,
    size: CONDITION_BYTES,
    isPointer: false,
  }));
  if (interpreterLock === undefined) return locks;
  return [...locks, { address: bias + interpreterLock, size: SEMAPHORE_BYTES, isPointer: true }];
}

function findVersionText(
  memory: MemoryReader,
  { variables }: BinaryClues,
  bias: number,
): { readonly version: PythonVersion; readonly text: string } | undefined {
  for (const { offset, size } of variables) {
    for (let at = 0; at < size; at += WINDOW_BYTES - WINDOW_OVERLAP) {
      const window = new Uint8Array(Math.min(WINDOW_BYTES, size - at));
      const length = memory.readInto(bias + offset + at, window);
      const text = Buffer.from(window.buffer, 0, length).toString("latin1");
      const version = parseVersionText(text);
      if (version === undefined) continue;
      const start = text.indexOf(`${version.major}.${version.minor}`);
      return { version, text: text.slice(start, start + LONGEST_VERSION_TEXT) };
    }
  }
  return undefined;
}
