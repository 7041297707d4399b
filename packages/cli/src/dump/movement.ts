import { type DumpedProcess, type DumpedTask, stackKey, threadKey } from "./dumped.js";
import { type ThreadOf, threadsOf } from "./fold.js";

/** What has become of the threads from one look to the next. */
export interface Movement {
  /** Threads whose stack is another one, and new ones. */
  readonly moved: readonly ThreadOf[];
  readonly unmoved: readonly ThreadOf[];
  /** Threads that have ended, as they were. */
  readonly gone: readonly ThreadOf[];
  /** Undefined if tasks were not asked for. */
  readonly tasks: TaskMovement | undefined;
}

export interface TaskMovement {
  readonly moved: readonly DumpedTask[];
  readonly unmoved: readonly DumpedTask[];
}

/** Compares looks at the same processes, and remembers which threads have been at the same place in all of them. */
export class MovementWatch {
  #stacks = new Map<string, string>();
  #last: readonly ThreadOf[] = [];
  #lastTasks: readonly { readonly key: string; readonly task: DumpedTask }[] = [];
  /** Looks so far. */
  looks = 0;
  #still = new Set<string>();

  /** The processes with what is known of each thread's movement. */
  take(processes: readonly DumpedProcess[]): DumpedProcess[] {
    const before = this.#stacks;
    const isFirst = this.looks === 0;
    this.looks += 1;
    this.#stacks = new Map();
    const hasMoved = (key: string, stack: string): boolean | undefined => {
      this.#stacks.set(key, stack);
      const isOther = before.get(key) !== stack;
      if (isFirst) this.#still.add(key);
      else if (isOther) this.#still.delete(key);
      return isFirst ? undefined : isOther;
    };
    return processes.map((process) => ({
      ...process,
      threads: process.threads.map((thread) => ({
        ...thread,
        hasMoved: hasMoved(threadKey(process, thread), stackKey(thread)),
      })),
      tasks: process.tasks?.map((task) => ({
        ...task,
        hasMoved: hasMoved(taskKey(process, task), `${task.state}\n${stackKey(task)}`),
      })),
    }));
  }

  /** What {@link take} has found, beside what it was given before. */
  since(processes: readonly DumpedProcess[]): Movement {
    const threads = threadsOf(processes);
    const gone = this.#last.filter(({ process, thread }) => !this.#stacks.has(threadKey(process, thread)));
    this.#last = threads;
    this.#lastTasks = processes.flatMap(({ tasks, ...process }) =>
      (tasks ?? []).map((task) => ({ key: taskKey(process, task), task })),
    );
    const tasks = this.#lastTasks.map(({ task }) => task);
    return {
      moved: threads.filter(({ thread }) => thread.hasMoved === true),
      unmoved: threads.filter(({ thread }) => thread.hasMoved === false),
      gone,
      tasks: processes.some((process) => process.tasks !== undefined)
        ? { moved: tasks.filter((task) => task.hasMoved), unmoved: tasks.filter((task) => !task.hasMoved) }
        : undefined,
    };
  }

  /** Those of the last look that have been at the same place in every look. */
  still(): ThreadOf[] {
    return this.#last.filter(({ process, thread }) => this.#still.has(threadKey(process, thread)));
  }

  /** Tasks of the last look that have done the same, at the same place, in every look. */
  stillTasks(): DumpedTask[] {
    return this.#lastTasks.filter(({ key }) => this.#still.has(key)).map(({ task }) => task);
  }
}

/** Another task can have its address later, but hardly its name as well. */
function taskKey({ pid }: Pick<DumpedProcess, "pid">, { kind, address, name }: DumpedTask): string {
  return `${pid} ${kind} ${address} ${name}`;
}
