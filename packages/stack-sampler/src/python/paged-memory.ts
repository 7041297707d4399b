import type { Address, MemoryReader, ReadFailure, ScatterRead } from "@pyspy/proc-memory";

/** What the kernel maps, and so reads, as a whole or not at all. */
const PAGE = 4096;
/** What is longer is read as it is: it is looked at once. */
const MOST_CACHED = 4 * PAGE;

/**
 * Memory of which whole pages are read, and kept until they are to be forgotten. Small objects of a Python lie side by
 * side: to read a thousand tasks one after the other takes 40 calls of the system for each of them, and in pages one or two.
 */
export class PagedMemory implements MemoryReader {
  readonly #memory: MemoryReader;
  /** By number; empty if it cannot be read. */
  readonly #pages = new Map<number, Uint8Array>();

  constructor(memory: MemoryReader) {
    this.#memory = memory;
  }

  /** What is read from now on is read anew. */
  forget(): void {
    this.#pages.clear();
  }

  readInto(address: Address, target: Uint8Array): number {
    if (target.length > MOST_CACHED) return this.#memory.readInto(address, target);
    let count = 0;
    while (count < target.length) {
      const next = address + count;
      const number = Math.floor(next / PAGE);
      const page = this.#page(number);
      const start = next - number * PAGE;
      const part = page.subarray(start, start + target.length - count);
      if (part.length === 0) break;
      target.set(part, count);
      count += part.length;
    }
    return count;
  }

  readScatter(scatter: ScatterRead): number {
    return this.#memory.readScatter(scatter);
  }

  get failure(): ReadFailure | undefined {
    return this.#memory.failure;
  }

  #page(number: number): Uint8Array {
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = new Uint8Array(PAGE);
      page = page.subarray(0, this.#memory.readInto(number * PAGE, page));
      this.#pages.set(number, page);
    }
    return page;
  }
}
