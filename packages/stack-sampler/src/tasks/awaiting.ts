import type { Address } from "@pyspy/proc-memory";
import type { FutureObjects, TaskObject } from "./future-object.js";

/** Futures that stand between one task and another: `gather` of `gather`, `shield`, `wait_for`. */
const MOST_BETWEEN = 16;

/**
 * The tasks that wait for each task. 3.14 says it itself; before, it is in what tasks wait for and in what has been left to
 * be called when a task is done:
 *
 *     a task waits for a task            its own future is that task
 *     wait, gather, shield, wait_for     its future is one that a callback of the other task has
 *     a task group                       a callback of the other task is a method of the group, which knows its parent
 */
export function awaitingTasks(
  tasks: ReadonlyMap<Address, TaskObject>,
  futures: FutureObjects,
): ReadonlyMap<Address, readonly Address[]> {
  const waiting = new Map<Address, Address[]>();
  for (const { address, awaited } of tasks.values()) {
    if (awaited === 0) continue;
    const others = waiting.get(awaited);
    if (others === undefined) waiting.set(awaited, [address]);
    else others.push(address);
  }

  const collect = (future: Address, met: Set<Address>, found: Set<Address>): void => {
    if (met.has(future) || met.size > MOST_BETWEEN) return;
    met.add(future);
    for (const task of waiting.get(future) ?? []) found.add(task);
    for (const { address, isTask } of futures.wokenBy(future)) {
      if (isTask && tasks.has(address)) found.add(address);
      // A task that a callback knows of may be there for any reason.
      else if (!tasks.has(address) && (waiting.has(address) || futures.isFuture(address)))
        collect(address, met, found);
    }
  };

  const awaiting = new Map<Address, readonly Address[]>();
  for (const { address, awaitedBy, tellsAll } of tasks.values()) {
    const found = new Set(awaitedBy.filter((other) => tasks.has(other)));
    if (!tellsAll) collect(address, new Set(), found);
    found.delete(address);
    awaiting.set(address, [...found]);
  }
  return awaiting;
}
