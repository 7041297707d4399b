import { platformTo } from "./platform/platform.js";
import type { LiveProcess, Pid } from "./process-view.js";

/**
 * Opens a running process for looking into it. Nothing is done to the process, and whether its memory may be
 * read is known only when it is read.
 *
 * Throws {@link ProcessError}: `no-such-process`, `exited` (a zombie), `permission-denied` (it exists but is
 * hidden from this user), `unsupported-platform`.
 *
 * ```ts
 * using target = openProcess(1234);
 * const header = readExactly(target.memory, target.maps()[0].start, 64);
 * ```
 */
export function openProcess(pid: Pid): LiveProcess {
  return platformTo(`open process ${pid}`).openProcess(pid);
}

/**
 * Whether a process of that id runs now; a zombie does not. Ids are used again: {@link LiveProcess.isAlive}
 * follows one process for good.
 */
export function isProcessAlive(pid: Pid): boolean {
  return platformTo(`look for process ${pid}`).isProcessAlive(pid);
}

/** A process and what started it. */
export interface FamilyMember {
  readonly pid: Pid;
  readonly parent: Pid;
  /** The process that its process group and its session are called after, which may have ended. */
  readonly group: Pid;
  readonly session: Pid;
  /** Clock ticks since boot. */
  readonly startTime: number;
  /** False for one that has exited and that nobody has reaped. */
  readonly isAlive: boolean;
}

/** Who has started whom among the processes that are visible to this user now, by ascending id. Throws {@link ProcessError}. */
export function readFamily(): FamilyMember[] {
  return platformTo("list processes").readFamily();
}

/** The time that {@link LiveProcess.startTime} stands for. */
export function dateOfStart(process: Pick<LiveProcess, "startTime">): Date {
  return platformTo("tell times").dateOfStart(process.startTime);
}

/** The processes that are visible to this user now, by ascending id. Throws {@link ProcessError}. */
export function listProcesses(): Pid[] {
  return platformTo("list processes").listProcesses();
}
