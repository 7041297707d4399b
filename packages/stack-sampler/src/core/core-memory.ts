import type { ByteSource, CoreFile } from "@pyspy/binary-symbols";
import { type Address, type MemoryReader, readRangeByRange, type ScatterRead } from "@pyspy/proc-memory";

/** Addresses [start, end) whose bytes are in a source from `offset` on; undefined where a source turns out not to be there. */
interface Region {
  readonly start: Address;
  readonly end: Address;
  readonly offset: number;
  readonly source: () => ByteSource | undefined;
}

/**
 * The memory of a process in its core file. What the core leaves out because a mapped file has it is read there: the kernel
 * leaves out all that was never written to (`/proc/PID/coredump_filter`), which is code and constants, names of symbols and
 * the text of Python's version among them.
 */
export class CoreMemory implements MemoryReader {
  readonly pid: number;
  failure: "unmapped" | undefined;
  /** Ascending, and none overlaps another. */
  readonly #regions: readonly Region[];

  /** `openFile` opens the file of a mapping by its path; without it there is only what is in the core. */
  constructor(
    source: ByteSource,
    core: CoreFile,
    pid: number,
    openFile: (path: string) => ByteSource | undefined = () => undefined,
  ) {
    this.pid = pid;
    const regions: Region[] = [];
    // What no file is asked for: it is in the core, or was written to and is cut off.
    const taken: { readonly start: Address; readonly end: Address }[] = [];
    for (const { imageOffset: start, fileOffset, fileSize, writable } of core.segments) {
      const present = Math.max(0, Math.min(fileSize, source.size - fileOffset));
      if (present > 0) {
        regions.push({ start, end: start + present, offset: fileOffset, source: () => source });
      }
      const end = start + (writable ? fileSize : present);
      if (end > start) taken.push({ start, end });
    }
    for (const { start, end, fileOffset, path } of core.mappings) {
      const open = once(() => openFile(path));
      for (const gap of gapsIn(start, end, taken)) {
        regions.push({ ...gap, offset: fileOffset + gap.start - start, source: open });
      }
    }
    this.#regions = regions.sort((left, right) => left.start - right.start);
  }

  readInto(address: Address, target: Uint8Array): number {
    let count = 0;
    for (
      let index = countWhile(this.#regions, ({ start }) => start <= address) - 1;
      count < target.length;
      index++
    ) {
      const region = this.#regions[index];
      const at = address + count;
      if (region === undefined || at < region.start || at >= region.end) break;
      const wanted = Math.min(target.length - count, region.end - at);
      const bytes = region.source()?.read(region.offset + at - region.start, wanted);
      if (bytes === undefined) break;
      target.set(bytes, count);
      count += bytes.length;
      if (bytes.length < wanted) break;
    }
    this.failure = count < target.length ? "unmapped" : undefined;
    return count;
  }

  readScatter(scatter: ScatterRead): number {
    return readRangeByRange(this, scatter);
  }
}

/** The parts of [start, end) that none of `taken` has, which is ascending and has no overlaps. */
export function* gapsIn(
  start: Address,
  end: Address,
  taken: readonly { readonly start: Address; readonly end: Address }[],
): Generator<{ readonly start: Address; readonly end: Address }> {
  let at = start;
  for (let index = countWhile(taken, (part) => part.end <= start); at < end; index++) {
    const part = taken[index];
    if (part === undefined || part.start >= end) break;
    if (part.start > at) yield { start: at, end: part.start };
    at = part.end;
  }
  if (at < end) yield { start: at, end };
}

/** How many items there are from the first on of which `holds` is true, which it is of no later one. */
function countWhile<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && holds(item)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
