import { LayoutError } from "./layout-error.js";
import { viewOf } from "./object-view.js";

/**
 * `_AsyncioDebug`, the description that `asyncio` of 3.14 and later gives of its tasks: the section `.AsyncioDebug` of
 * `_asyncio`, or of the interpreter where that is built in. Offsets into the structs that the groups are named after.
 */
export interface AsyncioDebug {
  /** `TaskObj` */
  readonly task: {
    readonly size: number;
    readonly task_name: number;
    /** Null, a task, or a set of tasks. */
    readonly task_awaited_by: number;
    /** u8 */
    readonly task_is_task: number;
    /** u8: `task_awaited_by` is a set. */
    readonly task_awaited_by_is_set: number;
    readonly task_coro: number;
    /** The task's link in a list of tasks: the next one's link, then the one before's. */
    readonly task_node: number;
  };
  /** `PyInterpreterState` */
  readonly interpreter: {
    readonly size: number;
    /** Head of the list of tasks whose thread has ended. */
    readonly asyncio_tasks_head: number;
  };
  /** `_PyThreadStateImpl`, which begins with the thread state */
  readonly threadState: {
    readonly size: number;
    readonly asyncio_running_loop: number;
    readonly asyncio_running_task: number;
    /** Head of the list of the thread's tasks. */
    readonly asyncio_tasks_head: number;
  };
}

/** Size of the table in bytes. */
export const ASYNCIO_DEBUG_SIZE = 13 * 8;

/**
 * Reads the table.
 *
 * @param table - {@link ASYNCIO_DEBUG_SIZE} bytes from its start
 * @throws LayoutError `debug-offsets-unreadable`, `debug-offsets-do-not-fit`
 */
export function asyncioDebugFromTable(table: Uint8Array): AsyncioDebug {
  if (table.length < ASYNCIO_DEBUG_SIZE) {
    throw new LayoutError(
      "debug-offsets-unreadable",
      `Cannot read the debug offsets of asyncio: they are ${ASYNCIO_DEBUG_SIZE} bytes and only ${table.length} were given`,
    );
  }
  const view = viewOf(table);
  let field = 0;
  const next = (): number => Number(view.getBigUint64(8 * field++, true));
  // Evaluated in the order that is written here, which is that of the table.
  const debug: AsyncioDebug = {
    task: {
      size: next(),
      task_name: next(),
      task_awaited_by: next(),
      task_is_task: next(),
      task_awaited_by_is_set: next(),
      task_coro: next(),
      task_node: next(),
    },
    interpreter: { size: next(), asyncio_tasks_head: next() },
    threadState: {
      size: next(),
      asyncio_running_loop: next(),
      asyncio_running_task: next(),
      asyncio_tasks_head: next(),
    },
  };
  for (const [group, { size, ...offsets }] of Object.entries(debug)) {
    for (const [name, offset] of Object.entries(offsets as Record<string, number>)) {
      if (offset >= size) {
        throw new LayoutError(
          "debug-offsets-do-not-fit",
          `Cannot use the debug offsets of asyncio: ${name} is ${offset} in ${size} bytes of ${group}`,
        );
      }
    }
  }
  return debug;
}
