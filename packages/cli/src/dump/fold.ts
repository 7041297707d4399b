import type { ThreadStack } from "@pyspy/stack-sampler";
import { type DumpedProcess, type DumpedThread, frameKey, stackKey } from "./dumped.js";

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

/**
 * Puts those first, of stacks that as few threads have, that begin as the most frequent stack does: a worker that is
 * elsewhere than the others before the process that has started them all.
 */
export function oddFirst(groups: readonly FoldedThreads[]): FoldedThreads[] {
  const most = groups.at(-1)?.[0].thread;
  return groups.toSorted((left, right) => {
    if (left.length !== right.length) return left.length - right.length;
    return most === undefined ? 0 : sharedFrames(right[0].thread, most) - sharedFrames(left[0].thread, most);
  });
}

/** How many of the outermost frames are the same. */
function sharedFrames(left: DumpedThread, right: DumpedThread): number {
  let count = 0;
  for (;;) {
    const [one, other] = [left.frames.at(-1 - count), right.frames.at(-1 - count)];
    if (one === undefined || other === undefined || frameKey(one) !== frameKey(other)) return count;
    count += 1;
  }
}

function foldKey(thread: DumpedThread): string {
  // Nobody knows whether stacks are the same that cannot be read.
  const own = thread.isUnreadable ? `${thread.thread.tid} ${thread.thread.pythonId}` : "";
  return `${sameStackKey(thread)}${thread.isSignalled ? "signalled" : ""}${own}`;
}

/** What is the same for two stacks at the same places, with the same variables. */
export function sameStackKey(stack: Pick<ThreadStack, "frames">): string {
  const values = stack.frames.map(({ locals }) =>
    // Each thread has objects of its own.
    (locals?.variables ?? []).map(({ name, value }) => [name, value.text.replace(/ at 0x[\da-f]+/g, "")]),
  );
  return `${stackKey(stack)}${JSON.stringify(values)}`;
}
