/**
 * Finds a runtime that no symbol and no section leads to, among the variables of a binary: by the mark that 3.13 and later
 * begin with, or by a pointer that leads to an interpreter whose thread points back to it.
 */
import { type Layout, readDebugOffsetsHeader } from "@pyspy/cpython-layouts";
import type { Address, MemoryReader } from "@pyspy/proc-memory";
import type { PythonRuntime } from "../python/python-runtime.js";
import { TargetWords } from "../python/target-words.js";
import { isReady, type LoadedBinary, layoutByVersion, runtimeOf } from "./identify-runtime.js";

const COOKIE = Buffer.from("xdebugpy");
const DICTIONARY = Buffer.from("dict\0");
const WINDOW_BYTES = 1 << 20;
/** More pointers than that are not followed: a program's variables have a few thousand. */
const MAX_CANDIDATES = 1 << 17;
/** Interpreters and threads. */
const MAX_LISTED = 1 << 16;
/** Objects of the interpreter are never below it: the first pages of a process are not mapped. */
const LOWEST_ADDRESS = 0x1000;

/** Where `_Py_DebugOffsets`, and so `_PyRuntime`, is (3.13+); undefined if there is none. */
export function findCookie(memory: MemoryReader, { clues, bias }: LoadedBinary): Address | undefined {
  for (const { offset, size } of clues.variables) {
    for (const { address, bytes } of windows(memory, bias + offset, size)) {
      for (let at = bytes.indexOf(COOKIE); at >= 0; at = bytes.indexOf(COOKIE, at + 1)) {
        if ((address + at) % 8 === 0 && readDebugOffsetsHeader(bytes.subarray(at)) !== undefined)
          return address + at;
      }
    }
  }
  return undefined;
}

/** The runtime up to 3.12 that a variable of the binary leads to; undefined if none does. Throws `LayoutError`. */
export function scanVariables(memory: MemoryReader, binary: LoadedBinary): PythonRuntime | undefined {
  const layout = layoutByVersion(memory, binary);
  if (layout === undefined) return undefined;
  const words = new TargetWords(memory, layout.pointerSize);
  const tried = new Set<Address>();
  for (const { offset, size } of binary.clues.variables) {
    for (const { address, bytes } of windows(memory, binary.bias + offset, size)) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let at = 0; at + words.size <= bytes.length; at += words.size) {
        const candidate = words.at(view, at);
        if (candidate < LOWEST_ADDRESS || candidate % words.size !== 0 || tried.has(candidate)) continue;
        if (tried.size === MAX_CANDIDATES) return undefined;
        tried.add(candidate);
        const runtime = runtimeOf(layout, address + at, binary);
        if (!isReady(memory, runtime) || !hasModules(words, memory, layout, candidate)) continue;
        if (listsEnd(words, layout, candidate)) return runtime;
      }
    }
  }
  return undefined;
}

/**
 * Only an interpreter has a dictionary of its modules. Python's heap is full of pools that are linked to each other, and some of
 * them look like an interpreter and its thread.
 */
function hasModules(words: TargetWords, memory: MemoryReader, layout: Layout, interpreter: Address): boolean {
  const { interpreter: fields, object, type } = layout;
  const modules = words.read(interpreter + fields.imports_modules) ?? 0;
  const typeObject = words.read(modules + object.ob_type) ?? 0;
  const name = words.read(typeObject + type.tp_name) ?? 0;
  const characters = Buffer.alloc(DICTIONARY.length);
  return memory.readInto(name, characters) === characters.length && characters.equals(DICTIONARY);
}

/**
 * Whether the list of interpreters that starts with this one comes to an end, and that of each one's threads, which all
 * point back to it. A pool of Python's heap can have a dictionary where an interpreter has that of its modules.
 */
function listsEnd(words: TargetWords, { interpreter, threadState }: Layout, first: Address): boolean {
  const met = new Set<Address>();
  const isNew = (address: Address) => met.size < MAX_LISTED && met.size !== met.add(address).size;
  for (let address: Address | undefined = first; address !== 0; ) {
    if (address === undefined || !isNew(address)) return false;
    let thread = words.read(address + interpreter.threads_head);
    while (thread !== 0) {
      if (thread === undefined || !isNew(thread)) return false;
      if (words.read(thread + threadState.interp) !== address) return false;
      thread = words.read(thread + threadState.next);
    }
    address = words.read(address + interpreter.next);
  }
  return true;
}

/** A stretch of memory in pieces that can be read. */
function* windows(
  memory: MemoryReader,
  start: Address,
  size: number,
): Generator<{ address: Address; bytes: Buffer }> {
  for (let at = 0; at < size; at += WINDOW_BYTES) {
    const bytes = Buffer.alloc(Math.min(WINDOW_BYTES, size - at));
    const length = memory.readInto(start + at, bytes);
    if (length > 0) yield { address: start + at, bytes: bytes.subarray(0, length) };
  }
}
