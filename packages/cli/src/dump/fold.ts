import { type DumpedProcess, type DumpedThread, stackKey } from "./dumped.js";

/** A thread and its process. */
export interface ThreadOf {
  readonly process: DumpedProcess;
  readonly thread: DumpedThread;
}

/** Threads with the same stack; at least one. */
export type FoldedThreads = readonly [ThreadOf, ...ThreadOf[]];

/**
 * Puts threads together whose stacks (and variables, if there are any) are the same. Those whose stack fewer threads have
 * come first, because among many that do the same the other one is looked for; else they stay in order.
 */
export function foldThreads(threads: readonly ThreadOf[]): FoldedThreads[] {
  const groups = new Map<string, [ThreadOf, ...ThreadOf[]]>();
  for (const entry of threads) {
    const key = foldKey(entry.thread);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()].toSorted((left, right) => left.length - right.length);
}

export function threadsOf(processes: readonly DumpedProcess[]): ThreadOf[] {
  return processes.flatMap((process) => process.threads.map((thread) => ({ process, thread })));
}

/** Whether threads of several processes have been put together. */
export function spansProcesses(threads: FoldedThreads): boolean {
  return threads.some(({ process }) => process !== threads[0].process);
}

function foldKey(thread: DumpedThread): string {
  const values = thread.frames.map(({ locals }) =>
    (locals?.variables ?? []).map(({ name, value }) => [name, value.text]),
  );
  const signalled = thread.isSignalled ? "signalled" : "";
  return `${stackKey(thread)}${JSON.stringify(values)}${signalled}`;
}
