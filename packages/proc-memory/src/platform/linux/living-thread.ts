import type { Pid, Tid } from "../../process-view.js";
import { parseStat } from "./process-stat.js";
import { type SystemView, systemView } from "./system-view.js";

/**
 * A thread of the process that has not begun to exit; undefined if there is none: the process has ended.
 *
 * The first thread may end before the others (`pthread_exit` in `main`). It stays a zombie as long as they run, and what
 * belongs to all of them, memory, maps and files, is not to be had by its id any more. It is by that of any other
 * one: /proc/TID is there for every thread, although it is not listed.
 */
export function livingThread(
  pid: Pid,
  view: Pick<SystemView, "list" | "read"> = systemView,
): Tid | undefined {
  return attempt(() => view.list(`/proc/${pid}/task`))
    ?.map(Number)
    .find((tid) => {
      const line = attempt(() => Buffer.from(view.read(`/proc/${pid}/task/${tid}/stat`)));
      const state = line && parseStat(line, line.length)?.state;
      return state !== undefined && state !== "exited";
    });
}

function attempt<Value>(action: () => Value): Value | undefined {
  try {
    return action();
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
