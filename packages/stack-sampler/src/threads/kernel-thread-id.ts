import type { Address, MemoryReader, Pid, Tid } from "@pyspy/proc-memory";

/** How far into the C library's `struct pthread` the kernel's thread id is looked for. */
const SEARCH_BYTES = 0x400;

/**
 * Finds the kernel's id of a thread by Python's, which is the address of its `struct pthread`. Python itself
 * tells it only from 3.11 on. Every C library keeps the id in that struct, at a place of its own, which is
 * found once with the main thread: its id is that of the process. That is also a small number in a container, which the
 * struct has in other places too; then the next thread decides.
 */
export class KernelThreadIds {
  readonly #memory: MemoryReader;
  readonly #pid: Pid;
  readonly #isThread: (tid: Tid) => boolean;
  #main: Address = 0;
  /** Where the id may be. */
  #offsets: readonly number[] = [];

  /**
   * `pid` is the process's id in its own pid namespace, and `isThread` says whether it has a thread that calls itself so there.
   */
  constructor(memory: MemoryReader, pid: Pid, isThread: (tid: Tid) => boolean) {
    this.#memory = memory;
    this.#pid = pid;
    this.#isThread = isThread;
  }

  /** The kernel's id of a thread; 0 if it cannot be told (yet). */
  of(pythonId: Address): Tid {
    if (this.#offsets.length === 0) this.#findOffsets(pythonId);
    if (pythonId === this.#main) return this.#pid;
    if (this.#offsets.length > 1) this.#chooseOffset(pythonId);
    const [offset, another] = this.#offsets;
    return offset === undefined || another !== undefined ? 0 : this.#idAt(pythonId + offset);
  }

  /** Works if `pythonId` is the main thread's. */
  #findOffsets(pythonId: Address): void {
    const bytes = new Uint8Array(SEARCH_BYTES);
    const length = this.#memory.readInto(pythonId, bytes);
    const view = new DataView(bytes.buffer);
    const offsets: number[] = [];
    for (let offset = 0; offset + 4 <= length; offset += 4) {
      if (view.getInt32(offset, true) === this.#pid) offsets.push(offset);
    }
    if (offsets.length > 0) this.#main = pythonId;
    this.#offsets = offsets;
  }

  /** By a thread that is not the main one. */
  #chooseOffset(pythonId: Address): void {
    const possible = this.#offsets.filter((offset) => {
      const id = this.#idAt(pythonId + offset);
      return id > 0 && id !== this.#pid && this.#isThread(id);
    });
    if (possible.length > 0) this.#offsets = possible;
  }

  #idAt(address: Address): Tid {
    const word = new Uint8Array(4);
    if (this.#memory.readInto(address, word) < word.length) return 0;
    return new DataView(word.buffer).getInt32(0, true);
  }
}
