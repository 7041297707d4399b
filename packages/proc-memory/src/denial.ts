/**
 * Why the kernel refuses, from what can be seen.
 *
 * The kernel only says EPERM. Its rules are few, though (`__ptrace_may_access` in kernel/ptrace.c,
 * `cap_ptrace_access_check` in security/commoncap.c, `yama_ptrace_access_check` in security/yama/yama_lsm.c; "Ptrace
 * access mode checking" in ptrace(2)), and what they look at can be read without privileges. So each is asked
 * whether it refuses. Several may; CAP_SYS_PTRACE in the target's user namespace lifts all but `ptrace_scope` 3,
 * and so the order is: what that capability would not lift, the capability where it should be there, then the
 * rules that refuse for want of it.
 */

import type { ContainerRuntime, Permissions, ProcessIds, TargetSecurity } from "./permissions.js";
import type { Pid } from "./process-view.js";

/** What was refused: reading memory, or stopping threads, which takes the same rights and no other tracer. */
export type DeniedAction = "read" | "stop";

/**
 * One rule that refuses, with what it goes by.
 *
 * - `hidden`: /proc is mounted so that only those who may look into a process see it
 * - `other-user`, `other-group`: not all ids of the target are ours, and we lack CAP_SYS_PTRACE
 * - `missing-capability`: we lack CAP_SYS_PTRACE although we are root, or cannot get it in any way
 * - `not-dumpable`: the target is set-user-id, has gained capabilities, cannot be read as a file, or asked for it
 *   (`prctl(PR_SET_DUMPABLE, 0)`)
 * - `capabilities`: the target has capabilities that we lack
 * - `user-namespace`: the target's is not ours: being the same user does not count, and neither do our capabilities
 *   unless it is `inside` ours
 * - `yama`: `kernel.yama.ptrace_scope` is 1 (the target is not our descendant, nor has it named us by
 *   `prctl(PR_SET_PTRACER)`, which cannot be seen), 2 (only CAP_SYS_PTRACE) or 3 (nobody)
 * - `no-new-privileges`: keeps us from getting CAP_SYS_PTRACE; `executableGrants`: our executable would give it to us
 * - `seccomp`: a filter of ours refuses the system call; without an `error` it is not known whether it does
 * - `traced`: another process traces the target. Only stopping is refused, reading works
 * - `unknown`: none of the above; perhaps a security module, which calls us and the target by these labels
 */
export type DenialReason =
  | { readonly code: "hidden"; readonly hidepid: string | undefined }
  | { readonly code: "other-user"; readonly uid: number; readonly targetUids: ProcessIds }
  | { readonly code: "other-group"; readonly gid: number; readonly targetGids: ProcessIds }
  | {
      readonly code: "missing-capability";
      readonly uid: number;
      readonly container: ContainerRuntime | undefined;
      /** False if no program that we start can get it either. */
      readonly obtainable: boolean;
    }
  | { readonly code: "not-dumpable"; readonly setUserId: boolean }
  | { readonly code: "capabilities"; readonly missing: readonly string[] }
  | { readonly code: "user-namespace"; readonly inside: boolean }
  | { readonly code: "yama"; readonly ptraceScope: number }
  | { readonly code: "no-new-privileges"; readonly executableGrants: boolean }
  | {
      readonly code: "seccomp";
      readonly call: "process_vm_readv" | "ptrace";
      readonly error: string | undefined;
    }
  | { readonly code: "traced"; readonly tracer: Pid; readonly tracerName: string }
  | {
      readonly code: "unknown";
      readonly label: string | undefined;
      readonly targetLabel: string | undefined;
    };

/** Why something was refused. */
export interface Denial {
  readonly pid: Pid;
  readonly action: DeniedAction;
  /** What to lift first: with it lifted, most often all the others are. */
  readonly reason: DenialReason;
  /** What refuses besides, or stands in the way of lifting it. */
  readonly also: readonly DenialReason[];
  /** One sentence with {@link reason}. */
  readonly message: string;
  /** What this was concluded from. */
  readonly permissions: Permissions;
}

const PTRACE = "CAP_SYS_PTRACE";

/**
 * Why `action` is refused; see `explainDenial`.
 *
 * @param tryPtrace What a filter says to `ptrace`: undefined, an error or a signal, or "unavailable". Asked only if there is a filter.
 */
export function denialOf(
  permissions: Permissions,
  action: DeniedAction,
  tryPtrace: () => string | undefined,
): Denial | undefined {
  const { pid } = permissions;
  const [reason, ...also] = reasonsFor(permissions, action, tryPtrace);
  if (reason === undefined) return undefined;
  const what = action === "read" ? `read the memory of process ${pid}` : `stop process ${pid}`;
  const isUncertain = reason.code === "seccomp" && reason.error === undefined;
  const refused = isUncertain ? `It may not be permitted to ${what}` : `Cannot ${what}`;
  return { pid, action, reason, also, message: `${refused}: ${denialSentence(reason)}`, permissions };
}

function reasonsFor(
  permissions: Permissions,
  action: DeniedAction,
  tryPtrace: () => string | undefined,
): DenialReason[] {
  const { target, trials, hidepid } = permissions;
  if (target === undefined) return [{ code: "hidden", hidepid }];
  if (!trials.processVmReadv.permitted && !trials.memFile.permitted) return refusals(permissions, target);
  if (action === "read") return [];
  if (target.tracer !== undefined) {
    return [{ code: "traced", tracer: target.tracer.pid, tracerName: target.tracer.name }];
  }
  const error = permissions.own.seccomp === "filter" ? tryPtrace() : undefined;
  if (error === undefined) return [];
  return [{ code: "seccomp", call: "ptrace", error: error === "unavailable" ? undefined : error }];
}

function refusals(permissions: Permissions, target: TargetSecurity): DenialReason[] {
  const { own, ptraceScope, namespaces, trials, container, executableGrantsPtrace } = permissions;
  const isCapable = own.effectiveCapabilities.includes(PTRACE);
  const isRoot = own.uids.effective === 0;
  const obtainable = own.boundingCapabilities.includes(PTRACE);
  const inside = namespaces.ownUserIsInitial;

  const first: DenialReason[] = [];
  if (ptraceScope === 3) first.push({ code: "yama", ptraceScope });
  if (namespaces.user === "different" && !inside) first.push({ code: "user-namespace", inside });

  const rules = isCapable ? [] : rulesForUsers(permissions, target);
  const hindrances: DenialReason[] = [];
  if (!isCapable && first.length + rules.length > 0) {
    const missing = { code: "missing-capability", uid: own.uids.effective, container, obtainable } as const;
    if (isRoot && rules.length > 0) first.push(missing);
    else if (!obtainable) hindrances.push(missing);
    if (own.noNewPrivileges) {
      const privileges = { code: "no-new-privileges", executableGrants: executableGrantsPtrace } as const;
      if (executableGrantsPtrace && obtainable) first.push(privileges);
      else if (!isRoot) hindrances.push(privileges);
    }
  }
  if (isFilter(permissions)) {
    hindrances.push({ code: "seccomp", call: "process_vm_readv", error: trials.ownProcessVmReadv.error });
  }
  const all = [...first, ...rules, ...hindrances];
  return all.length > 0 ? all : [{ code: "unknown", label: own.label, targetLabel: target.label }];
}

/** What refuses those without CAP_SYS_PTRACE. */
function rulesForUsers(permissions: Permissions, target: TargetSecurity): DenialReason[] {
  const { own, ptraceScope, namespaces, trials } = permissions;
  const { real, effective, saved } = target.uids;
  const rules: DenialReason[] = [];
  // `process_vm_readv` goes by our real ids, not by the effective ones.
  const { real: uid } = own.uids;
  const { real: gid } = own.gids;
  if (!areAll(target.uids, uid)) rules.push({ code: "other-user", uid, targetUids: target.uids });
  else if (!areAll(target.gids, gid)) rules.push({ code: "other-group", gid, targetGids: target.gids });

  const missing = target.permittedCapabilities.filter((name) => !own.permittedCapabilities.includes(name));
  if (missing.length > 0) rules.push({ code: "capabilities", missing });
  const setUserId = real !== effective || real !== saved;
  if (target.dumpable === false) rules.push({ code: "not-dumpable", setUserId });
  if (namespaces.user === "different" && namespaces.ownUserIsInitial) {
    rules.push({ code: "user-namespace", inside: true });
  }
  // Root owns the files of its processes, dumpable or not, but only those of the former it lets root read.
  if (rules.length === 0 && !trials.executable.permitted && target.dumpable === undefined) {
    rules.push({ code: "not-dumpable", setUserId });
  }
  if (ptraceScope === 2 || (ptraceScope === 1 && !target.isDescendant))
    rules.push({ code: "yama", ptraceScope });
  return rules;
}

function areAll({ real, effective, saved }: ProcessIds, id: number): boolean {
  return real === id && effective === id && saved === id;
}

/** Whether a filter refuses the call. A kernel without it says ENOSYS to everyone. */
function isFilter({ own, trials }: Permissions): boolean {
  const { permitted, error } = trials.ownProcessVmReadv;
  return !permitted && (error === "EPERM" || own.seccomp === "filter");
}

/** A reason in words, to go after a colon: "it is not dumpable …". */
export function denialSentence(reason: DenialReason): string {
  switch (reason.code) {
    case "hidden":
      return `it is hidden from this user${reason.hidepid === undefined ? "" : ` (/proc is mounted with hidepid=${reason.hidepid})`}`;
    case "other-user":
      return `it runs as user ${list(reason.targetUids)} and this process as user ${reason.uid} without ${PTRACE}`;
    case "other-group":
      return `it runs with group ${list(reason.targetGids)} and this process with group ${reason.gid} without ${PTRACE}`;
    case "missing-capability": {
      const where = reason.container === undefined ? "" : ` in ${containerName(reason.container)}`;
      const who = reason.uid === 0 ? `this process is root${where} but has` : `this process${where} has`;
      return `${who} no ${PTRACE}${reason.obtainable ? "" : " and cannot get it"}`;
    }
    case "not-dumpable":
      return reason.setUserId
        ? "it runs a set-user-id program"
        : "it is not dumpable: it has changed its privileges, has asked for it, or its executable may not be read";
    case "capabilities":
      return `it has capabilities that this process lacks (${reason.missing.join(", ")})`;
    case "user-namespace":
      return reason.inside
        ? `it is in another user namespace and this process has no ${PTRACE}`
        : "it is in another user namespace, where the capabilities of this process do not count";
    case "yama":
      return `${YAMA[reason.ptraceScope] ?? "Yama refuses it"} (kernel.yama.ptrace_scope is ${reason.ptraceScope})`;
    case "no-new-privileges":
      return reason.executableGrants
        ? `this process runs with no_new_privs, so it did not get the ${PTRACE} that its executable has`
        : `this process runs with no_new_privs, so nothing that it starts can get ${PTRACE}`;
    case "seccomp":
      return reason.error === undefined
        ? `a seccomp filter of this process may refuse ${reason.call}`
        : `a seccomp filter of this process refuses ${reason.call} (${reason.error})`;
    case "traced":
      return `process ${reason.tracer} (${reason.tracerName}) traces it`;
    case "unknown":
      return reason.label === undefined
        ? "no rule that is known refuses it, but the kernel does"
        : `the security module that calls this process ${reason.label}, and it ${reason.targetLabel ?? "something else"}, may refuse it`;
  }
}

const YAMA: Readonly<Record<number, string>> = {
  1: `Yama lets a process without ${PTRACE} look only into those that it has started`,
  2: `Yama lets only processes with ${PTRACE} look into others`,
  3: "Yama lets no process look into others",
};

function containerName(container: ContainerRuntime): string {
  return container === "unknown" ? "a container" : `a ${container} container`;
}

function list({ real, effective, saved }: ProcessIds): string {
  return [...new Set([real, effective, saved])].join(", ");
}
