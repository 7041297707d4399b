import { ABSENT, type Layout } from "@pyspy/cpython-layouts";
import type { Address, MemoryReader, ThreadActivity } from "@pyspy/proc-memory";
import type { GilLock, PythonRuntime } from "../python/python-runtime.js";
import { TargetWords } from "../python/target-words.js";

/**
 * Tells which threads wait for the GIL. Up to 3.14 Python does not say it of a thread. But who waits sleeps in the kernel on a
 * futex, and with glibc that is a word of the GIL's own condition or mutex, so its address tells exactly.
 *
 * It is not known with musl, which sleeps on a word of the waiting thread's stack, where the kernel does not show the
 * system call of a thread, and up to 3.6 in binaries that are stripped. A thread that has been woken and not yet got
 * the GIL counts as running, as the scheduler does.
 */
export class GilWait {
  readonly #words: TargetWords;
  readonly #layout: Layout;
  readonly #locks: readonly GilLock[];

  constructor(memory: MemoryReader, { layout, gilLocks }: PythonRuntime) {
    this.#words = new TargetWords(memory, layout.pointerSize);
    this.#layout = layout;
    this.#locks = gilLocks;
  }

  /**
   * Whether a thread sleeps until it gets the GIL; undefined if that cannot be known. Costs a read of 3 µs (and up to 3.1
   * one of memory), so it is to be asked only of threads that sleep and do not hold the GIL.
   *
   * @param gil - address of the state of its interpreter's GIL (3.12+); 0 where interpreters have none of their own
   */
  isWaiting(thread: ThreadActivity, gil: Address): boolean | undefined {
    if (gil === 0 && this.#locks.length === 0) return undefined;
    const futex = thread.futex();
    if (futex === undefined || futex === 0) return futex === undefined ? undefined : false;
    if (gil !== 0) return futex >= gil && futex < gil + this.#layout.gil.size;
    for (const { address, size, isPointer } of this.#locks) {
      const start = isPointer ? (this.#words.read(address) ?? 0) : address;
      if (futex >= start && futex < start + size) return true;
    }
    return false;
  }
}

/**
 * What a thread state says itself: whether its thread has asked for the GIL and not got it yet. Undefined where it does
 * not (up to 3.14), and {@link GilWait} may know.
 *
 * @param threadState - where the thread state begins in `view`; up to and with `gil_requested` is needed
 */
export function requestsGil(
  { threadState: fields }: Layout,
  view: DataView,
  threadState: number,
): boolean | undefined {
  if (fields.gil_requested === ABSENT) return undefined;
  return view.getInt32(threadState + fields.gil_requested, true) !== 0;
}
