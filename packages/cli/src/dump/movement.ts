import { type DumpedProcess, type DumpedTask, type DumpedThread, stackKey, threadKey } from "./dumped.js";
import { type ThreadOf, threadsOf } from "./fold.js";
import { doingOf } from "./thread-state.js";

/** What has become of the threads from one look to the next. */
export interface Movement {
  /** Threads whose stack is another one, and new ones. */
  readonly moved: readonly ThreadOf[];
  /** Threads that have the same stack and have run: they spin on the same lines, or have come back to them. */
  readonly running: readonly ThreadOf[];
  /** Threads that have the same stack and have not run. */
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

/** A thread that has had the same stack in every look, and its time on processors since the first; undefined if that is not known. */
export interface StillThread extends ThreadOf {
  readonly hasRun: boolean;
  readonly cpuUsed: number | undefined;
}

/**
 * Of all time, what a thread has to be on a processor to count as one that runs. Who waits for the GIL wakes every 5 ms to ask
 * for it, which takes some 10 µs.
 */
const LEAST_SHARE = 0.01;
const NANOSECONDS_PER_MS = 1e6;

/** What is kept of a thread, or of a task, from look to look. */
interface Seen {
  readonly stack: string;
  readonly cpuTime: number;
  /** At the first look at it. */
  readonly firstCpuTime: number;
  /** In every look since the first of all it was at the same place. */
  readonly isStill: boolean;
  readonly hasEverRun: boolean;
}

/** Compares looks at the same processes, and remembers which threads have been at the same place in all of them. */
export class MovementWatch {
  #seen = new Map<string, Seen>();
  #last: readonly ThreadOf[] = [];
  #lastTasks: readonly { readonly key: string; readonly task: DumpedTask }[] = [];
  /** Looks so far. */
  looks = 0;
  #lookedAt = 0;
  readonly #clock: () => number;

  /** `clock` tells milliseconds. Not `performance`, which takes long to load (docs/decisions/0007-the-command-is-a-bundle.md). */
  constructor(clock: () => number = () => Number(process.hrtime.bigint()) / NANOSECONDS_PER_MS) {
    this.#clock = clock;
  }

  /** The processes with what is known of each thread's movement. */
  take(processes: readonly DumpedProcess[]): DumpedProcess[] {
    const before = this.#seen;
    const isFirst = this.looks === 0;
    const now = this.#clock();
    const leastCpuTime = (now - this.#lookedAt) * NANOSECONDS_PER_MS * LEAST_SHARE;
    this.#lookedAt = now;
    this.looks += 1;
    this.#seen = new Map();
    const compare = (
      key: string,
      stack: string,
      cpuTime: number,
      isActive: boolean,
    ): Pick<DumpedThread, "hasMoved" | "hasRun" | "cpuUsed"> => {
      const known = before.get(key);
      const hasMoved = known?.stack !== stack;
      const isKnown = known !== undefined && known.cpuTime >= 0 && cpuTime >= 0;
      const cpuUsed = isKnown ? cpuTime - known.cpuTime : undefined;
      const hasRun = hasMoved || isActive || (cpuUsed !== undefined && cpuUsed > leastCpuTime);
      this.#seen.set(key, {
        ...{ stack, cpuTime, firstCpuTime: known?.firstCpuTime ?? cpuTime },
        isStill: isFirst || (known?.isStill === true && !hasMoved),
        hasEverRun: !isFirst && (known?.hasEverRun === true || hasRun),
      });
      return isFirst
        ? { hasMoved: undefined, hasRun: undefined, cpuUsed: undefined }
        : { hasMoved, hasRun, cpuUsed };
    };
    return processes.map((process) => ({
      ...process,
      threads: process.threads.map((thread) => ({
        ...thread,
        ...compare(threadKey(process, thread), stackKey(thread), thread.cpuTime, doingOf(thread).active),
      })),
      tasks: process.tasks?.map((task) => ({
        ...task,
        hasMoved: compare(taskKey(process, task), `${task.state}\n${stackKey(task)}`, -1, false).hasMoved,
      })),
    }));
  }

  /** What {@link take} has found, beside what it was given before. */
  since(processes: readonly DumpedProcess[]): Movement {
    const threads = threadsOf(processes);
    const gone = this.#last.filter(({ process, thread }) => !this.#seen.has(threadKey(process, thread)));
    this.#last = threads;
    this.#lastTasks = processes.flatMap(({ tasks, ...process }) =>
      (tasks ?? []).map((task) => ({ key: taskKey(process, task), task })),
    );
    const tasks = this.#lastTasks.map(({ task }) => task);
    const same = threads.filter(({ thread }) => thread.hasMoved === false);
    return {
      moved: threads.filter(({ thread }) => thread.hasMoved === true),
      running: same.filter(({ thread }) => thread.hasRun === true),
      unmoved: same.filter(({ thread }) => thread.hasRun === false),
      gone,
      tasks: processes.some((process) => process.tasks !== undefined)
        ? { moved: tasks.filter((task) => task.hasMoved), unmoved: tasks.filter((task) => !task.hasMoved) }
        : undefined,
    };
  }

  /** Those of the last look that have been at the same place in every look. */
  still(): StillThread[] {
    return this.#last.flatMap(({ process, thread }): StillThread[] => {
      const seen = this.#seen.get(threadKey(process, thread));
      if (seen?.isStill !== true) return [];
      const { cpuTime, firstCpuTime, hasEverRun } = seen;
      const isKnown = cpuTime >= 0 && firstCpuTime >= 0;
      return [{ process, thread, hasRun: hasEverRun, cpuUsed: isKnown ? cpuTime - firstCpuTime : undefined }];
    });
  }

  /** Tasks of the last look that have done the same, at the same place, in every look. */
  stillTasks(): DumpedTask[] {
    return this.#lastTasks.filter(({ key }) => this.#seen.get(key)?.isStill).map(({ task }) => task);
  }
}

/** Another task can have its address later, but hardly its name as well. */
function taskKey({ pid }: Pick<DumpedProcess, "pid">, { kind, address, name }: DumpedTask): string {
  return `${pid} ${kind} ${address} ${name}`;
}
