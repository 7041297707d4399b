import { ABSENT, type Layout } from "@pyspy/cpython-layouts";
import type { Address, LiveProcess, Tid } from "@pyspy/proc-memory";
import { TargetWords } from "../python/target-words.js";

type StackedProcess = Pick<LiveProcess, "memory" | "maps" | "pid" | "namespacePids">;

/** A thread state, and the ids of the thread that it says it is of. */
interface Claim {
  readonly address: Address;
  readonly pythonId: number;
  readonly tid: Tid | undefined;
}

/**
 * Which thread runs a sub-interpreter. Up to 3.12 a thread state of one keeps the ids of the thread that has created it, also while
 * another one runs it. But from 3.10 to 3.12 it points to what the eval loop has on the C stack (`cframe`), and a thread's stack has its
 * `struct pthread` at its upper end, whose address is Python's id of it.
 */
export class StackOwners {
  readonly #process: StackedProcess;
  readonly #offset: number;
  readonly #size: number;
  readonly #words: TargetWords;

  constructor(process: StackedProcess, { threadState, pointerSize }: Layout) {
    this.#process = process;
    this.#offset = threadState.on_c_stack;
    this.#size = threadState.size;
    this.#words = new TargetWords(process.memory, pointerSize);
  }

  get isNeeded(): boolean {
    return this.#offset !== ABSENT;
  }

  /** Threads of a sub-interpreter with the ids of those that run them, as far as that can be told. `all` has those of every interpreter. */
  owned<Thread extends Claim>(threads: readonly Thread[], all: readonly Claim[]): readonly Thread[] {
    if (!this.isNeeded) return threads;
    const maps = this.#process.maps();
    return threads.map((thread) => {
      const place = this.#words.read(thread.address + this.#offset) ?? 0;
      // Nobody runs it.
      if (place >= thread.address && place < thread.address + this.#size) return thread;
      const map = maps.find(({ start, end }) => start <= place && place < end);
      if (map === undefined) return thread;
      const owners =
        map.path === "[stack]"
          ? this.#mainThread(all)
          : all.filter(({ pythonId }) => pythonId > place && pythonId < map.end);
      // The last of those with the same id is of the main interpreter, and its own.
      const owner = owners.findLast(({ pythonId }) => owners.every((other) => other.pythonId >= pythonId));
      // No thread's stack, but the heap.
      return owner === undefined ? thread : { ...thread, pythonId: owner.pythonId, tid: owner.tid };
    });
  }
  /** `all` ends with the oldest thread of the main interpreter, which is the main thread if nobody says otherwise. */
  #mainThread(all: readonly Claim[]): readonly Claim[] {
    const innerPid = this.#process.namespacePids.at(-1) ?? this.#process.pid;
    const main = all.filter(({ tid }) => tid === innerPid);
    return main.length > 0 || all.at(-1)?.tid !== undefined ? main : all.slice(-1);
  }
}
