import { type AsyncioDebug, decodeWeakReference } from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import type { ObjectReader } from "../locals/object-reader.js";
import type { PythonTypes } from "../locals/python-type.js";
import type { RemoteDicts } from "../python/remote-dict.js";
import type { InterpreterTrack } from "../python/thread-list.js";

/** More tasks than any program has at a time. */
const MOST_TASKS = 1 << 20;
/** A list that changes while it is read is read again. */
const ATTEMPTS = 4;
/** Names of sets of tasks in the module `asyncio.tasks`: up to 3.11, then. */
const SETS = ["_all_tasks", "_scheduled_tasks", "_eager_tasks"];

/**
 * Addresses of the tasks of an interpreter, done ones among them. From 3.14 on, those of `_asyncio` are in lists of their threads, and of the interpreter
 * when their thread has ended; all others, and up to 3.13 all of them, in sets that the module keeps. Undefined if
 * there is neither, as up to 3.6.
 */
export function listTasks(
  objects: ObjectReader,
  types: PythonTypes,
  dicts: RemoteDicts,
  interpreter: InterpreterTrack,
  moduleNames: Address,
  table: AsyncioDebug | undefined,
): Set<Address> | undefined {
  const found = new Set<Address>();
  if (table !== undefined) {
    const heads = [
      ...interpreter.threads.map(({ threadState }) => threadState + table.threadState.asyncio_tasks_head),
      interpreter.address + table.interpreter.asyncio_tasks_head,
    ];
    for (const head of heads) for (const task of linkedTasks(objects, head, table)) found.add(task);
  }
  const sets = SETS.flatMap((name) => dicts.item(moduleNames, name) ?? []);
  for (const set of sets) {
    for (const task of membersOf(objects, types, dicts, set)) found.add(task);
  }
  found.delete(0);
  return table === undefined && sets.length === 0 ? undefined : found;
}

function linkedTasks(objects: ObjectReader, head: Address, { task: at }: AsyncioDebug): Address[] {
  for (let attempt = 0; ; attempt++) {
    const tasks: Address[] = [];
    let node = objects.pointer(head);
    while (node !== head && node !== 0 && tasks.length < MOST_TASKS) {
      tasks.push(node - at.task_node);
      node = objects.pointer(node);
    }
    // What has been taken out of the list leads nowhere.
    if (node === head || attempt === ATTEMPTS) return tasks;
  }
}

/** The members of a set, or of a `WeakSet`, which has a set of weak references. */
function membersOf(
  objects: ObjectReader,
  types: PythonTypes,
  dicts: RemoteDicts,
  address: Address,
): Address[] {
  const object = objects.object(address);
  if (types.of(object)?.kind === "set") return [...objects.setMembers(object)];
  const data = objects.object(dicts.attribute(address, "data") ?? 0);
  if (types.of(data)?.kind !== "set") return [];
  return [...objects.setMembers(data)].map(
    (reference) => decodeWeakReference(objects.layout, objects.object(reference)) ?? 0,
  );
}
