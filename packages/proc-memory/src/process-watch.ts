import type { FamilyMember } from "./open-process.js";
import { platformTo } from "./platform/platform.js";
import type { Pid } from "./process-view.js";

/** Tells which processes have begun. To ask costs a system call while none has, so it can be asked hundreds of times a second. */
export interface ProcessWatch {
  /**
   * The processes that have begun since the last call and still are there, by ascending id; at the first call all of them. Each is
   * read when it is asked for.
   */
  begun(): Iterable<FamilyMember>;
  /**
   * Where the program of a process lies in its memory, which what it forks has in common with it until that executes another,
   * and, the places being random, nothing else. Undefined where that is not to be seen or not random.
   */
  layoutOf(pid: Pid): string | undefined;
  close(): void;
}

/** Throws {@link ProcessError} `unsupported-platform`. */
export function watchProcesses(): ProcessWatch {
  return platformTo("watch processes").watchProcesses();
}

/**
 * Whether two processes run in the same memory now, as between `vfork` and `exec`: what is read of one is the other's. False also
 * where the system does not tell.
 */
export function sharesMemory(pid: Pid, other: Pid): boolean {
  return platformTo("compare processes").sharesMemory(pid, other);
}
