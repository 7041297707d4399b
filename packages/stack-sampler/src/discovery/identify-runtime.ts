import {
  DEBUG_OFFSETS_READ_SIZE,
  type Layout,
  LayoutError,
  layoutFor,
  layoutFromDebugOffsets,
  type PythonVersion,
  parsePyVersionHex,
  parseVersionText,
  readDebugOffsetsHeader,
} from "@pyspy/cpython-layouts";
import { type Address, type MemoryReader, readPointer, readUint32 } from "@pyspy/proc-memory";
import type { PythonRuntime } from "../python/python-runtime.js";
import type { RuntimePlace } from "./runtime-place.js";

/**
 * What a look for a Python found:
 * - `found`: one that has an interpreter with a thread
 * - `starting`: one that is not ready yet
 * - `absent`: nothing that is mapped is a Python
 * - `unsupported`: one whose layout is not known; `reason` is a sentence
 * - `denied`: its memory may not be read
 */
export type Discovery =
  | { readonly kind: "found"; readonly runtime: PythonRuntime }
  | { readonly kind: "starting" | "absent" | "denied" }
  | { readonly kind: "unsupported"; readonly reason: string; readonly cause: unknown };

/** How much of a binary's variables is looked through at a time for the text of the version. */
const WINDOW_BYTES = 1 << 20;
/** More than the part of that text that has to be seen at once. */
const WINDOW_OVERLAP = 64;

/** Finds out which Python the runtime at `place` is, and whether it is ready. */
export function identifyRuntime(
  memory: MemoryReader,
  place: RuntimePlace,
  bias: number,
  image: string,
): Discovery {
  const address = bias + place.runtime;
  const start = new Uint8Array(DEBUG_OFFSETS_READ_SIZE);
  const length = memory.readInto(address, start);
  if (length === 0) return { kind: memory.failure === "denied" ? "denied" : "starting" };
  try {
    const layout = layoutAt(memory, place, bias, start.subarray(0, length));
    if (layout === undefined || !isReady(memory, layout, address)) return { kind: "starting" };
    return { kind: "found", runtime: { layout, address, image } };
  } catch (error) {
    if (error instanceof LayoutError) return { kind: "unsupported", reason: error.message, cause: error };
    throw error;
  }
}

/** From 3.13 on the runtime describes itself; before, its version tells. Undefined while it does not say it yet. */
function layoutAt(
  memory: MemoryReader,
  place: RuntimePlace,
  bias: number,
  start: Uint8Array,
): Layout | undefined {
  if (readDebugOffsetsHeader(start) !== undefined) return layoutFromDebugOffsets(start);
  const version = versionAt(memory, place, bias);
  return version && layoutFor(version);
}

function versionAt(memory: MemoryReader, place: RuntimePlace, bias: number): PythonVersion | undefined {
  if (place.version !== undefined) return parsePyVersionHex(readUint32(memory, bias + place.version));
  for (const { offset, size } of place.variables) {
    for (let at = 0; at < size; at += WINDOW_BYTES - WINDOW_OVERLAP) {
      const window = new Uint8Array(Math.min(WINDOW_BYTES, size - at));
      const length = memory.readInto(bias + offset + at, window);
      const text = Buffer.from(window.buffer, 0, length).toString("latin1");
      const version = parseVersionText(text);
      if (version !== undefined) return version;
    }
  }
  return undefined;
}

/** There is an interpreter, it has a thread, and the thread says that it belongs there. */
function isReady(memory: MemoryReader, layout: Layout, address: Address): boolean {
  try {
    const interpreter = readPointer(memory, address + layout.runtime.interpreters_head);
    if (interpreter === 0) return false;
    const thread = readPointer(memory, interpreter + layout.interpreter.threads_head);
    return thread !== 0 && readPointer(memory, thread + layout.threadState.interp) === interpreter;
  } catch {
    return false;
  }
}
