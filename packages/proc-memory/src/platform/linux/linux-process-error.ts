import { type ExitStatus, exitSentence } from "../../exit-status.js";
import { ProcessError } from "../../process-error.js";
import type { Pid, Tid } from "../../process-view.js";
import { errorName, isDenied, isGone } from "./system-error.js";

/** `action` says what could not be done: "open process 1234". */
export function noSuchProcess(action: string, pid: Pid): ProcessError {
  return new ProcessError("no-such-process", `Cannot ${action}: there is no such process`, { pid });
}

/** Tools such as htop show the ids of threads beside those of processes. */
export function isThread(action: string, tid: Tid, owner: Pid): ProcessError {
  return new ProcessError("no-such-process", `Cannot ${action}: it is a thread of process ${owner}`, {
    pid: tid,
  });
}

export function hasExited(action: string, pid: Pid, status?: ExitStatus): ProcessError {
  return new ProcessError("exited", `Cannot ${action}: ${exitSentence(status)}`, { pid });
}

/** Without /proc nothing can be known of any process. */
export function procIsMissing(action: string): ProcessError {
  return new ProcessError("unsupported-platform", `Cannot ${action}: /proc is not mounted`);
}

/** It exists, but /proc is mounted with `hidepid`. */
export function isHidden(action: string, pid: Pid): ProcessError {
  return new ProcessError("permission-denied", `Cannot ${action}: it is hidden from this user`, { pid });
}

/** `error` as one of ours. */
export function processError(action: string, pid: Pid | undefined, error: unknown): ProcessError {
  if (error instanceof ProcessError) return error;
  const facts = pid === undefined ? { cause: error } : { pid, cause: error };
  if (isGone(error)) return new ProcessError("exited", `Cannot ${action}: it has exited`, facts);
  if (isDenied(error)) {
    return new ProcessError("permission-denied", `Cannot ${action}: this user may not look into it`, facts);
  }
  return new ProcessError("system-error", `Cannot ${action}: ${errorName(error) ?? error}`, facts);
}
