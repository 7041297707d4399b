import { parseMaps } from "../../maps.js";
import type {
  NamespaceRelation,
  Permissions,
  ProcessSecurity,
  TargetSecurity,
  Trial,
} from "../../permissions.js";
import type { Pid } from "../../process-view.js";
import { containerRuntime } from "./container-runtime.js";
import { hasExited, noSuchProcess, processError, procIsMissing } from "./linux-process-error.js";
import { livingThread } from "./living-thread.js";
import { type ProcessStatus, parseStatus } from "./process-status.js";
import { errorName, isDenied, isGone } from "./system-error.js";
import { type SystemView, systemView } from "./system-view.js";

/** `PROC_USER_INIT_INO` in include/linux/proc_ns.h: the inode of the user namespace that all others are inside. */
const INITIAL_USER_NAMESPACE = "user:[4026531837]";
const CAP_SYS_PTRACE_BIT = 19;
const SET_USER_ID = 0o4000;

/** What the kernel says when it refuses, not when nothing is mapped. */
const REFUSALS = ["EPERM", "EACCES", "ENOSYS", "unavailable"];

/** See `inspectPermissions`. */
export function inspectLinuxPermissions(pid: Pid, view: SystemView = systemView): Permissions {
  const action = `inspect the permissions on process ${pid}`;
  if (!(Number.isSafeInteger(pid) && pid > 0)) throw noSuchProcess(action, pid);
  const own = ownStatus(view, action);
  const status = targetStatus(view, pid, action);
  // Of a process whose first thread has ended, another one has what there is to look at.
  const tid = status?.isZombie ? livingThread(pid, view) : pid;
  if (tid === undefined) throw hasExited(action, pid);
  const maps = attempt(() => view.read(`/proc/${tid}/maps`));
  const address = parseMaps(maps.value ?? "").find(({ readable }) => readable)?.start ?? 0;
  return {
    pid,
    own: securityOf(view, own, "self"),
    target: status && targetSecurity(view, tid, status),
    ptraceScope: ptraceScope(view),
    hidepid: hidepid(view),
    namespaces: {
      user: relation(view, tid, "user") ?? compare(view, "/proc/self/uid_map", `/proc/${pid}/uid_map`),
      pid: relation(view, tid, "pid") ?? pidRelation(status),
      mount: relation(view, tid, "mnt"),
      ownUserIsInitial: attempt(() => view.readlink("/proc/self/ns/user")).value === INITIAL_USER_NAMESPACE,
    },
    container: containerRuntime(view),
    executableGrantsPtrace: executableGrantsPtrace(view),
    trials: {
      executable: trial(attempt(() => view.readlink(`/proc/${tid}/exe`)).error),
      maps: trial(maps.error),
      processVmReadv: trial(view.tryProcessVmReadv(tid, address)),
      memFile: trial(view.tryMemFile(tid, address)),
      ownProcessVmReadv: trial(view.tryProcessVmReadv(process.pid, 0)),
    },
  };
}

function ownStatus(view: SystemView, action: string): ProcessStatus {
  try {
    return parseStatus(view.read("/proc/self/status"));
  } catch (error) {
    throw isGone(error) ? procIsMissing(action) : processError(action, undefined, error);
  }
}

/** Undefined if the process is hidden. */
function targetStatus(view: SystemView, pid: Pid, action: string): ProcessStatus | undefined {
  try {
    return parseStatus(view.read(`/proc/${pid}/status`));
  } catch (error) {
    if (isGone(error) && !view.hasProcess(pid)) throw noSuchProcess(action, pid);
    if (isGone(error) || isDenied(error)) return undefined;
    throw processError(action, pid, error);
  }
}

function securityOf(view: SystemView, status: ProcessStatus, pid: Pid | "self"): ProcessSecurity {
  const { uids, gids, permittedCapabilities, effectiveCapabilities, boundingCapabilities } = status;
  const { noNewPrivileges, seccomp } = status;
  const label = attempt(() => view.read(`/proc/${pid}/attr/current`)).value?.replace(/[\0\n]+$/, "");
  return {
    uids,
    gids,
    permittedCapabilities,
    effectiveCapabilities,
    boundingCapabilities,
    noNewPrivileges,
    seccomp,
    label: label || undefined,
  };
}

function targetSecurity(view: SystemView, pid: Pid, status: ProcessStatus): TargetSecurity {
  const { tracer } = status;
  const tracerName = tracer === 0 ? undefined : statusOf(view, tracer)?.name;
  return {
    ...securityOf(view, status, pid),
    dumpable: isDumpable(view, pid, status),
    tracer: tracer === 0 ? undefined : { pid: tracer, name: tracerName ?? "unknown" },
    isDescendant: isDescendant(view, status),
  };
}

/** Files in /proc/PID belong to root unless the process is dumpable (`task_dump_owner` in fs/proc/base.c). */
function isDumpable(view: SystemView, pid: Pid, { uids, gids }: ProcessStatus): boolean | undefined {
  const owner = attempt(() => view.stat(`/proc/${pid}/mem`)).value;
  if (owner === undefined) return undefined;
  if (owner.uid !== uids.effective || owner.gid !== gids.effective) return false;
  return owner.uid === 0 && owner.gid === 0 ? undefined : true;
}

function isDescendant(view: SystemView, { parent }: ProcessStatus): boolean {
  let ancestor = parent;
  while (ancestor !== undefined && ancestor > 0) {
    if (ancestor === process.pid) return true;
    ancestor = statusOf(view, ancestor)?.parent;
  }
  return false;
}

function statusOf(view: SystemView, pid: Pid): ProcessStatus | undefined {
  const { value } = attempt(() => view.read(`/proc/${pid}/status`));
  return value === undefined ? undefined : parseStatus(value);
}

function ptraceScope(view: SystemView): number | undefined {
  const { value } = attempt(() => view.read("/proc/sys/kernel/yama/ptrace_scope"));
  return value === undefined ? undefined : Number(value);
}

/** The option is among those of the file system that is mounted, at the end of the line (proc_pid_mountinfo(5)). */
function hidepid(view: SystemView): string | undefined {
  const mounts = (attempt(() => view.read("/proc/self/mountinfo")).value ?? "").split("\n");
  // A later mount on the same place covers an earlier one.
  const line = mounts.findLast((mount) => mount.split(" ")[4] === "/proc");
  const value = /\bhidepid=(\w+)/.exec(line ?? "")?.[1];
  return value === "0" || value === "off" ? undefined : value;
}

/** Reading the link takes the same rights as reading /proc/PID/exe. */
function relation(view: SystemView, pid: Pid, namespace: "user" | "pid" | "mnt"): NamespaceRelation {
  const { value: own } = attempt(() => view.readlink(`/proc/self/ns/${namespace}`));
  const { value: other } = attempt(() => view.readlink(`/proc/${pid}/ns/${namespace}`));
  return own === undefined || other === undefined ? undefined : own === other ? "same" : "different";
}

/**
 * Whether two files that everybody may read say the same. A map of user ids is told relative to the reader's
 * namespace, or to its parent if it is the reader's own: two namespaces hardly ever have the same.
 */
function compare(view: SystemView, own: string, other: string): NamespaceRelation {
  const { value: first } = attempt(() => view.read(own));
  const { value: second } = attempt(() => view.read(other));
  return first === undefined || second === undefined ? undefined : first === second ? "same" : "different";
}

function pidRelation(status: ProcessStatus | undefined): NamespaceRelation {
  const levels = status?.namespaceIds.length ?? 0;
  return levels === 0 ? undefined : levels === 1 ? "same" : "different";
}

function executableGrantsPtrace(view: SystemView): boolean {
  const file = attempt(() => view.stat("/proc/self/exe")).value;
  if (file !== undefined && file.uid === 0 && (file.mode & SET_USER_ID) !== 0) return true;
  // `struct vfs_cap_data` in linux/capability.h: after a word with the version come the low halves of two sets.
  const data = view.fileCapabilities("/proc/self/exe");
  if (data === undefined || data.length < 8) return false;
  const permitted = new DataView(data.buffer, data.byteOffset).getUint32(4, true);
  return ((permitted >>> CAP_SYS_PTRACE_BIT) & 1) === 1;
}

function trial(error: string | undefined): Trial {
  return { permitted: error === undefined || !REFUSALS.includes(error), error };
}

function attempt<Value>(
  action: () => Value,
): { value: Value; error?: undefined } | { value?: undefined; error: string } {
  try {
    return { value: action() };
  } catch (error) {
    return { error: errorName(error) ?? "unavailable" };
  }
}
