/**
 * What lifts each of the kernel's refusals here: one command, or one fragment of a configuration. Root with
 * CAP_SYS_PTRACE may look into nearly everything, so most roads lead there; but where nothing that this shell starts can
 * get that capability, `sudo` would only waste the person's time, and what started the shell has to change.
 */

import type { ContainerRuntime, Denial, DenialReason, Permissions } from "@pyspy/stack-sampler";
import { type Invocation, sudoCommand } from "./invocation.js";

/** What a person can do about a refusal, in one sentence. */
export function denialAdvice(
  { reason, permissions }: Pick<Denial, "reason" | "permissions">,
  invocation: Invocation,
): string {
  switch (reason.code) {
    case "other-user":
    case "other-group":
    case "not-dumpable":
    case "capabilities":
      return adviceToBecomeRoot(permissions, invocation);
    case "hidden":
      return isCapable(permissions) ? logAdvice(permissions) : adviceToBecomeRoot(permissions, invocation);
    case "missing-capability":
      return capabilityAdvice(reason.container);
    case "user-namespace":
      return reason.inside
        ? adviceToBecomeRoot(permissions, invocation)
        : outsideAdvice(permissions, invocation);
    case "yama":
      return yamaAdvice(reason.ptraceScope, permissions, invocation);
    case "no-new-privileges":
      return privilegesAdvice(permissions.container);
    case "seccomp":
      return seccompAdvice(reason.call, permissions.container);
    case "traced":
      return `Wait until ${reason.tracerName} lets go of it, or end that: kill ${reason.tracer}`;
    case "unknown":
      return securityModuleAdvice(reason, permissions);
  }
}

/** How to get CAP_SYS_PTRACE, in one sentence. */
export function adviceToBecomeRoot(permissions: Permissions, invocation: Invocation): string {
  const { own, container } = permissions;
  if (own.uids.effective === 0 || !own.boundingCapabilities.includes(PTRACE))
    return capabilityAdvice(container);
  if (own.noNewPrivileges === true) return privilegesAdvice(container);
  return `Try it as root: ${sudoCommand(invocation)}`;
}

/** Whether this process has the capability that lifts nearly all refusals. */
export function isCapable({ own }: Permissions): boolean {
  return own.effectiveCapabilities.includes(PTRACE);
}

const PTRACE = "CAP_SYS_PTRACE";

function capabilityAdvice(container: ContainerRuntime | undefined): string {
  switch (container) {
    case "docker":
    case "podman":
      return `Start the container with the capability for it: ${container} run --cap-add SYS_PTRACE … (or enter it as it runs: ${container} exec --privileged --user root …)`;
    case "kubernetes":
      return 'Give the container the capability for it: securityContext: {capabilities: {add: ["SYS_PTRACE"]}} (or look from a new one: kubectl debug -it POD --profile=general --target=CONTAINER --image=IMAGE)';
    case "lxc":
      return "Let the container keep the capability for it: lxc.cap.drop in its configuration must not have sys_ptrace";
    case "unknown":
      return "Start the container with the capability for it, as docker run --cap-add SYS_PTRACE … does";
    case undefined:
      return `Run it from another login of root, because what started this one took ${PTRACE} away (for a systemd service: CapabilityBoundingSet=${PTRACE})`;
  }
}

function privilegesAdvice(container: ContainerRuntime | undefined): string {
  switch (container) {
    case "docker":
    case "podman":
      return `Enter the container with more privileges: ${container} exec --privileged --user root …`;
    case "kubernetes":
      return "Let the container gain privileges: securityContext: {allowPrivilegeEscalation: true}";
    default:
      return "Run it from another login, because sudo has no effect in this one (for a systemd service: NoNewPrivileges=no)";
  }
}

function yamaAdvice(ptraceScope: number, permissions: Permissions, invocation: Invocation): string {
  if (ptraceScope === 3) {
    const sudo = permissions.own.uids.effective === 0 && permissions.container === undefined ? "" : "sudo ";
    return `It cannot be lifted before a reboot: echo kernel.yama.ptrace_scope=1 | ${sudo}tee /etc/sysctl.d/99-ptrace.conf && ${sudo}reboot`;
  }
  const lift = "sudo sysctl kernel.yama.ptrace_scope=0";
  if (permissions.container !== undefined)
    return `Lift it until the next boot, outside of the container: ${lift}`;
  const { own } = permissions;
  if (own.noNewPrivileges === true || !own.boundingCapabilities.includes(PTRACE)) {
    return `Lift it until the next boot, from another login: ${lift}`;
  }
  return `Lift it until the next boot: ${lift} (or only this once: ${sudoCommand(invocation)})`;
}

function outsideAdvice({ namespaces }: Permissions, invocation: Invocation): string {
  return namespaces.pid === "different"
    ? "Run it as root outside of this container, with the pid that the process has there: ps -ef"
    : `Run it as root outside of this user namespace: ${sudoCommand(invocation)}`;
}

function seccompAdvice(
  call: Extract<DenialReason, { code: "seccomp" }>["call"],
  container: ContainerRuntime | undefined,
): string {
  switch (container) {
    case "docker":
    case "podman":
      return `Start the container with ${container} run --security-opt seccomp=unconfined …, or with a profile that permits ${call}`;
    case "kubernetes":
      return "Run the container without the filter: securityContext: {seccompProfile: {type: Unconfined}}";
    default:
      return `Run it outside of what installed the filter (for a systemd service: SystemCallFilter=${call})`;
  }
}

function securityModuleAdvice(
  { label }: Extract<DenialReason, { code: "unknown" }>,
  permissions: Permissions,
): string {
  const { container } = permissions;
  if (label === undefined || label === "unconfined") return logAdvice(permissions);
  // SELinux: user:role:type:level. AppArmor: a profile's name and mode.
  const isSelinux = label.split(":").length >= 3;
  switch (container) {
    case "docker":
    case "podman":
      return `Start the container without that: ${container} run --security-opt ${isSelinux ? "label=disable" : "apparmor=unconfined"} …`;
    case "kubernetes":
      return isSelinux
        ? "Run the container without that: securityContext: {seLinuxOptions: {type: spc_t}}"
        : "Run the container without that: securityContext: {appArmorProfile: {type: Unconfined}}";
    default:
      return logAdvice(permissions);
  }
}

function logAdvice({ own }: Permissions): string {
  const dmesg = own.uids.effective === 0 ? "dmesg" : "sudo dmesg";
  return `The kernel's log may name what refuses it: ${dmesg} | grep -i denied`;
}
