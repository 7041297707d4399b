import { type DumpedProcess, stackKey, threadKey } from "./dumped.js";
import { type ThreadOf, threadsOf } from "./fold.js";

/** What has become of the threads from one look to the next. */
export interface Movement {
  /** Threads whose stack is another one, and new ones. */
  readonly moved: readonly ThreadOf[];
  readonly unmoved: readonly ThreadOf[];
  /** Threads that have ended, as they were. */
  readonly gone: readonly ThreadOf[];
}

/** Compares looks at the same processes, and remembers which threads have been at the same place in all of them. */
export class MovementWatch {
  #stacks = new Map<string, string>();
  #last: readonly ThreadOf[] = [];
  /** Looks so far. */
  looks = 0;
  #still = new Set<string>();

  /** The processes with what is known of each thread's movement. */
  take(processes: readonly DumpedProcess[]): DumpedProcess[] {
    const before = this.#stacks;
    const isFirst = this.looks === 0;
    this.looks += 1;
    this.#stacks = new Map();
    const taken = processes.map((process) => ({
      ...process,
      threads: process.threads.map((thread) => {
        const key = threadKey(process, thread);
        const stack = stackKey(thread);
        this.#stacks.set(key, stack);
        const hasMoved = before.get(key) !== stack;
        if (isFirst) this.#still.add(key);
        else if (hasMoved) this.#still.delete(key);
        return { ...thread, hasMoved: isFirst ? undefined : hasMoved };
      }),
    }));
    return taken;
  }

  /** What {@link take} has found, beside what it was given before. */
  since(processes: readonly DumpedProcess[]): Movement {
    const threads = threadsOf(processes);
    const gone = this.#last.filter(({ process, thread }) => !this.#stacks.has(threadKey(process, thread)));
    this.#last = threads;
    return {
      moved: threads.filter(({ thread }) => thread.hasMoved === true),
      unmoved: threads.filter(({ thread }) => thread.hasMoved === false),
      gone,
    };
  }

  /** Those of the last look that have been at the same place in every look. */
  still(): ThreadOf[] {
    return this.#last.filter(({ process, thread }) => this.#still.has(threadKey(process, thread)));
  }
}
