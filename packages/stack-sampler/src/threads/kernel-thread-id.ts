import type { Address, MemoryReader, Pid, Tid } from "@pyspy/proc-memory";

/** How far into the C library's `struct pthread` the kernel's thread id is looked for. */
const SEARCH_BYTES = 0x400;

/**
 * Finds the kernel's id of a thread by Python's, which is the address of its `struct pthread`. Python itself
 * tells it only from 3.11 on. Every C library keeps the id in that struct, at a place of its own, which is
 * found once with the main thread: its id is that of the process.
 */
export class KernelThreadIds {
  readonly #memory: MemoryReader;
  readonly #pid: Pid;
  #offset: number | undefined;

  /** `pid` is the process's id in its own pid namespace. */
  constructor(memory: MemoryReader, pid: Pid) {
    this.#memory = memory;
    this.#pid = pid;
  }

  /** The kernel's id of a thread; 0 if it cannot be told (yet). */
  of(pythonId: Address): Tid {
    const offset = this.#offset ?? this.#findOffset(pythonId);
    if (offset === undefined) return 0;
    const word = new Uint8Array(4);
    if (this.#memory.readInto(pythonId + offset, word) < word.length) return 0;
    return new DataView(word.buffer).getInt32(0, true);
  }

  /** Works if `pythonId` is the main thread's. */
  #findOffset(pythonId: Address): number | undefined {
    const bytes = new Uint8Array(SEARCH_BYTES);
    const length = this.#memory.readInto(pythonId, bytes);
    const view = new DataView(bytes.buffer);
    for (let offset = 0; offset + 4 <= length; offset += 4) {
      if (view.getInt32(offset, true) === this.#pid) {
        this.#offset = offset;
        return offset;
      }
    }
    return undefined;
  }
}
