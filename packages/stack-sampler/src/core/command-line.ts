import type { CoreFile } from "@pyspy/binary-symbols";
import type { Address, MemoryReader } from "@pyspy/proc-memory";
import { TargetWords } from "../python/target-words.js";

const AT_EXECFN = 31;
/** Types of the auxiliary vector are small numbers, and pointers and counts of bytes are not. */
const MOST_AUXILIARY_TYPES = 100;
/** The strings of arguments and environment are between the vector and the name of the program: mostly a few KiB, at most 6 MiB. */
const WINDOWS = [1 << 16, 1 << 20, 8 << 20];
const MOST_ARGUMENTS = 100_000;

/**
 * The whole command line of a process, from the end of its first stack, where the kernel puts it: `argc`, the pointers of `argv`, 0,
 * those of the environment, 0, the auxiliary vector (`create_elf_tables` in fs/binfmt_elf.c). Undefined if it is not there; then the
 * core still has the beginning of it.
 */
export function commandLineIn(memory: MemoryReader, core: CoreFile): readonly string[] | undefined {
  const name = core.auxiliaryVector.get(AT_EXECFN);
  const stack = core.segments.find(
    ({ imageOffset, memorySize }) =>
      name !== undefined && imageOffset <= name && name < imageOffset + memorySize,
  );
  if (name === undefined || stack === undefined) return undefined;
  const words = new TargetWords(memory, core.pointerSize);
  for (const size of WINDOWS) {
    const start = Math.max(stack.imageOffset, alignDown(name - size, core.pointerSize));
    const bytes = Buffer.alloc(name - start);
    if (memory.readInto(start, bytes) < bytes.length) return undefined;
    const vector = bytes.lastIndexOf(pair(AT_EXECFN, name, core.pointerSize));
    if (vector < 0) continue;
    const first = argumentsBefore(words, viewOf(bytes), vector);
    return first && textsIn(bytes, first.pointer - start, first.count);
  }
  return undefined;
}

/** How many arguments there are and where the first one is, given where an entry of the auxiliary vector is. */
function argumentsBefore(
  words: TargetWords,
  view: DataView,
  entry: number,
): { readonly count: number; readonly pointer: Address } | undefined {
  const { size } = words;
  const isType = (at: number) =>
    at >= 0 && words.at(view, at) > 0 && words.at(view, at) < MOST_AUXILIARY_TYPES;
  let at = entry;
  while (isType(at - 2 * size)) at -= 2 * size;
  // The 0 behind the environment, and then the one behind the arguments.
  at -= 2 * size;
  while (at >= 0 && words.at(view, at) !== 0) at -= size;
  for (let count = 0; count <= MOST_ARGUMENTS; count++) {
    at -= size;
    if (at < 0) return undefined;
    if (words.at(view, at) === count) return { count, pointer: words.at(view, at + size) };
  }
  return undefined;
}

/** The strings are one behind the other; the pointers are the program's to change, as Python 2 does. */
function textsIn(bytes: Buffer, start: number, count: number): readonly string[] | undefined {
  const texts: string[] = [];
  let at = start;
  while (texts.length < count) {
    const end = at < 0 ? -1 : bytes.indexOf(0, at);
    if (end < 0) return undefined;
    texts.push(bytes.toString("utf8", at, end));
    at = end + 1;
  }
  return texts;
}

function pair(type: number, value: number, pointerSize: 4 | 8): Buffer {
  const bytes = Buffer.alloc(2 * pointerSize);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(value % 2 ** 32, pointerSize);
  if (pointerSize === 8) bytes.writeUInt32LE(Math.floor(value / 2 ** 32), pointerSize + 4);
  return bytes;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function alignDown(address: Address, size: number): Address {
  return address - (address % size);
}
