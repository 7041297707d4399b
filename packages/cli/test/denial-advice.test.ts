import type { DenialReason, Permissions } from "@pyspy/stack-sampler";
import { describe, expect, test } from "vitest";
import { denialAdvice } from "../src/denial-advice.js";
import type { Invocation } from "../src/invocation.js";
import { containedRoot, permissions, permissionsWith, root } from "./fake-permissions.js";

const invocation: Invocation = { argv: ["record", "-p", "1234"], isRoot: false, byNpx: false };
const sudo = 'Try it as root: sudo env "PATH=$PATH" pyspy record -p 1234';
const ids = { real: 0, effective: 0, saved: 0, fileSystem: 0 };
const sysctl = "sudo sysctl kernel.yama.ptrace_scope=0";
const anotherLogin =
  "Run it from another login, because sudo has no effect in this one (for a systemd service: NoNewPrivileges=no)";
const log = "The kernel's log may name what refuses it: sudo dmesg | grep -i denied";

const otherUser: DenialReason = { code: "other-user", uid: 1000, targetUids: ids };
const missing = (container: Permissions["container"]): DenialReason => ({
  code: "missing-capability",
  uid: 0,
  container,
  obtainable: false,
});
const seccomp: DenialReason = { code: "seccomp", call: "process_vm_readv", error: "EPERM" };
const unknown = (label: string | undefined): DenialReason => ({ code: "unknown", label, targetLabel: label });
const unprivileged = { own: { noNewPrivileges: true } };
const docker = { container: "docker" } as const;
const dockerRun =
  "Start the container with the capability for it: docker run --cap-add SYS_PTRACE … (or enter it as it runs: docker exec --privileged --user root …)";

type Situation = readonly [name: string, DenialReason, Permissions, advice: string];

const situations: readonly Situation[] = [
  ["a process of another user", otherUser, permissions, sudo],
  ["one of another group", { code: "other-group", gid: 1000, targetGids: ids }, permissions, sudo],
  ["one that is not dumpable", { code: "not-dumpable", setUserId: false }, permissions, sudo],
  ["one that runs a set-user-id program", { code: "not-dumpable", setUserId: true }, permissions, sudo],
  ["one with more capabilities", { code: "capabilities", missing: ["CAP_NET_RAW"] }, permissions, sudo],
  ["one that is hidden", { code: "hidden", hidepid: "2" }, permissions, sudo],
  [
    "one that is hidden from root",
    { code: "hidden", hidepid: undefined },
    permissionsWith({ own: root }),
    log.replace("sudo ", ""),
  ],
  ["another user, where sudo cannot work", otherUser, permissionsWith(unprivileged), anotherLogin],
  [
    "another user, where sudo cannot work in a container",
    otherUser,
    permissionsWith({ ...unprivileged, container: "kubernetes" }),
    "Let the container gain privileges: securityContext: {allowPrivilegeEscalation: true}",
  ],
  [
    "another user, in a container without the capability",
    otherUser,
    permissionsWith({ ...docker, own: { boundingCapabilities: [] } }),
    dockerRun,
  ],
  [
    "one that is hidden from root of a container",
    { code: "hidden", hidepid: "2" },
    permissionsWith({ ...docker, own: containedRoot }),
    dockerRun,
  ],
  ["root without the capability in Docker", missing("docker"), permissions, dockerRun],
  ["in Podman", missing("podman"), permissions, dockerRun.replaceAll("docker", "podman")],
  [
    "in Kubernetes",
    missing("kubernetes"),
    permissions,
    'Give the container the capability for it: securityContext: {capabilities: {add: ["SYS_PTRACE"]}} (or look from a new one: kubectl debug -it POD --profile=general --target=CONTAINER --image=IMAGE)',
  ],
  [
    "in LXC",
    missing("lxc"),
    permissions,
    "Let the container keep the capability for it: lxc.cap.drop in its configuration must not have sys_ptrace",
  ],
  [
    "in some other container",
    missing("unknown"),
    permissions,
    "Start the container with the capability for it, as docker run --cap-add SYS_PTRACE … does",
  ],
  [
    "root without the capability and without a container",
    missing(undefined),
    permissions,
    "Run it from another login of root, because what started this one took CAP_SYS_PTRACE away (for a systemd service: CapabilityBoundingSet=CAP_SYS_PTRACE)",
  ],
  ["a user namespace inside ours", { code: "user-namespace", inside: true }, permissions, sudo],
  [
    "a user namespace that is not inside ours",
    { code: "user-namespace", inside: false },
    permissions,
    'Run it as root outside of this user namespace: sudo env "PATH=$PATH" pyspy record -p 1234',
  ],
  [
    "a user namespace that is not inside ours, where processes have other ids",
    { code: "user-namespace", inside: false },
    permissionsWith({ namespaces: { ...permissions.namespaces, pid: "different" } }),
    "Run it as root outside of this container, with the pid that the process has there: ps -ef",
  ],
  ...([1, 2] as const).map(
    (ptraceScope): Situation => [
      `ptrace_scope ${ptraceScope}`,
      { code: "yama", ptraceScope },
      permissions,
      `Lift it until the next boot: ${sysctl} (or only this once: sudo env "PATH=$PATH" pyspy record -p 1234)`,
    ],
  ),
  [
    "ptrace_scope 3",
    { code: "yama", ptraceScope: 3 },
    permissionsWith({ own: root }),
    "It cannot be lifted before a reboot: echo kernel.yama.ptrace_scope=1 | tee /etc/sysctl.d/99-ptrace.conf && reboot",
  ],
  [
    "ptrace_scope 3 for who is not root",
    { code: "yama", ptraceScope: 3 },
    permissions,
    "It cannot be lifted before a reboot: echo kernel.yama.ptrace_scope=1 | sudo tee /etc/sysctl.d/99-ptrace.conf && sudo reboot",
  ],
  [
    "ptrace_scope in a container, where it cannot be set",
    { code: "yama", ptraceScope: 1 },
    permissionsWith(docker),
    `Lift it until the next boot, outside of the container: ${sysctl}`,
  ],
  [
    "ptrace_scope where sudo cannot work",
    { code: "yama", ptraceScope: 1 },
    permissionsWith(unprivileged),
    `Lift it until the next boot, from another login: ${sysctl}`,
  ],
  ["no_new_privs", { code: "no-new-privileges", executableGrants: true }, permissions, anotherLogin],
  [
    "no_new_privs in Podman",
    { code: "no-new-privileges", executableGrants: true },
    permissionsWith({ container: "podman" }),
    "Enter the container with more privileges: podman exec --privileged --user root …",
  ],
  [
    "a seccomp filter in Docker",
    seccomp,
    permissionsWith(docker),
    "Start the container with docker run --security-opt seccomp=unconfined …, or with a profile that permits process_vm_readv",
  ],
  [
    "a seccomp filter in Kubernetes",
    seccomp,
    permissionsWith({ container: "kubernetes" }),
    "Run the container without the filter: securityContext: {seccompProfile: {type: Unconfined}}",
  ],
  [
    "a seccomp filter of something else",
    { ...seccomp, call: "ptrace" },
    permissions,
    "Run it outside of what installed the filter (for a systemd service: SystemCallFilter=ptrace)",
  ],
  [
    "another tracer",
    { code: "traced", tracer: 99, tracerName: "strace" },
    permissions,
    "Wait until strace lets go of it, or end that: kill 99",
  ],
  ["nothing that is known", unknown(undefined), permissions, log],
  ["AppArmor that does not confine us", unknown("unconfined"), permissionsWith(docker), log],
  ["AppArmor on a host", unknown("snap.node (enforce)"), permissions, log],
  [
    "AppArmor in Docker",
    unknown("docker-default (enforce)"),
    permissionsWith(docker),
    "Start the container without that: docker run --security-opt apparmor=unconfined …",
  ],
  [
    "SELinux in Podman",
    unknown("system_u:system_r:container_t:s0:c1,c2"),
    permissionsWith({ container: "podman" }),
    "Start the container without that: podman run --security-opt label=disable …",
  ],
  [
    "AppArmor in Kubernetes",
    unknown("cri-containerd.apparmor.d (enforce)"),
    permissionsWith({ container: "kubernetes" }),
    "Run the container without that: securityContext: {appArmorProfile: {type: Unconfined}}",
  ],
  [
    "SELinux in Kubernetes",
    unknown("system_u:system_r:container_t:s0:c1,c2"),
    permissionsWith({ container: "kubernetes" }),
    "Run the container without that: securityContext: {seLinuxOptions: {type: spc_t}}",
  ],
];

describe("the advice for a refusal because of", () => {
  test.each(situations)("%s", (_, reason, facts, advice) => {
    expect(denialAdvice({ reason, permissions: facts }, invocation)).toBe(advice);
  });

  test("another user repeats what was typed, so that it can be copied", () => {
    const typed: Invocation = {
      ...invocation,
      argv: ["record", "-o", "my file.svg", "-p", "1234"],
      byNpx: true,
    };
    expect(denialAdvice({ reason: otherUser, permissions }, typed)).toBe(
      `Try it as root: sudo env "PATH=$PATH" npx pyspy record -o 'my file.svg' -p 1234`,
    );
  });
});
