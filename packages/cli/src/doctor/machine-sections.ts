import type { Check, CheckSection } from "../terminal/checklist.js";
import type { Reach } from "./reach.js";
import type { MachinePermissions, MachineReport } from "./report.js";
import type { Problem } from "./works.js";

/** What a person reads about the machine. */
export function machineSections(
  { node, platform, architecture, permissions }: MachineReport,
  problem: Problem | undefined,
): readonly CheckSection[] {
  const system: Check = {
    mark: permissions === undefined ? "no" : "yes",
    label: "system",
    text:
      permissions === undefined && problem !== undefined ? problem.message : `${platform} on ${architecture}`,
  };
  const machine = { title: "Machine", checks: [system, { mark: "yes", label: "Node", text: node }] } as const;
  if (permissions === undefined) return [machine];
  return [
    machine,
    { title: "Permissions", checks: permissionChecks(permissions) },
    { title: "What works", checks: reachChecks(permissions) },
  ];
}

function permissionChecks(permissions: MachinePermissions): readonly Check[] {
  const { uid, ptraceCapability, ptraceScope, noNewPrivileges, seccomp, container } = permissions;
  const { initialUserNamespace, processVmReadvError } = permissions;
  return [
    {
      mark: ptraceCapability ? "yes" : "note",
      label: "user",
      text: `${uid === 0 ? "root" : uid} ${ptraceCapability ? "with" : "without"} CAP_SYS_PTRACE`,
    },
    scopeCheck(ptraceScope, ptraceCapability),
    {
      mark: noNewPrivileges === true ? "note" : "yes",
      label: "no_new_privs",
      text: noNewPrivileges === true ? "set: sudo has no effect" : "not set",
    },
    {
      mark: seccomp === "filter" || seccomp === "strict" ? "note" : "yes",
      label: "seccomp",
      text: seccomp === "filter" ? "a filter is installed" : (seccomp ?? "none"),
    },
    {
      mark: processVmReadvError === undefined ? "yes" : "note",
      label: "process_vm_readv",
      text:
        processVmReadvError === undefined
          ? "can be called"
          : `cannot be called (${processVmReadvError}): /proc/PID/mem is read instead, which is slower`,
    },
    { mark: container === undefined ? "yes" : "note", label: "container", text: container ?? "none" },
    {
      mark: initialUserNamespace ? "yes" : "note",
      label: "user namespace",
      text: initialUserNamespace ? "the first one" : "not the first one: capabilities count only inside it",
    },
  ];
}

function scopeCheck(ptraceScope: number | undefined, isCapable: boolean): Check {
  const label = "ptrace_scope";
  if (ptraceScope === undefined) return { mark: "yes", label, text: "none, because the kernel has no Yama" };
  const text = `${ptraceScope}: ${scopes[ptraceScope] ?? "unknown"}`;
  if (ptraceScope === 3) return { mark: "no", label, text };
  return { mark: ptraceScope === 0 || isCapable ? "yes" : "note", label, text };
}

const scopes: Readonly<Record<number, string>> = {
  0: "users may look into their own processes",
  1: "without CAP_SYS_PTRACE one may look only into what one has started",
  2: "only with CAP_SYS_PTRACE one may look into processes",
  3: "nobody may look into processes",
};

function reachChecks({ reach, uid, initialUserNamespace, advice }: MachinePermissions): readonly Check[] {
  const launches = reach !== "none";
  const processes: Readonly<Record<Reach, string>> = {
    every: initialUserNamespace ? "every process" : "every process of this user namespace",
    own: `processes of ${uid === 0 ? "root" : `user ${uid}`}, not those of others`,
    started: "nothing that runs already",
    none: "nothing",
  };
  return [
    {
      mark: launches ? "yes" : "no",
      label: "record PROGRAM",
      text: launches ? "programs that pyspy starts" : "nothing",
    },
    {
      mark: reach === "every" || reach === "own" ? "yes" : "no",
      label: "record --pid",
      text: processes[reach],
      advice,
    },
  ];
}
