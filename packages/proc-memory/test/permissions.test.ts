import { describe, expect, it } from "vitest";
import { type Denial, type DenialReason, denialOf } from "../src/denial.js";
import { inspectLinuxPermissions } from "../src/platform/linux/inspect-permissions.js";
import { type FakeStatus, type FakeSystem, fakeSystem, statusText } from "./platform/linux/fake-system.js";

const ALL = "1ffffffffff";
const CAP_SYS_PTRACE = (1 << 19).toString(16);
const INITIAL = { user: "user:[4026531837]", pid: "pid:[4026531836]", mnt: "mnt:[4026531832]" };

/** A machine where process 100 is refused to us; how it is there is what a test changes. */
interface Situation extends FakeSystem {
  readonly own?: FakeStatus;
  readonly target?: FakeStatus;
  readonly ptraceScope?: number;
  readonly ownNamespaces?: Partial<typeof INITIAL>;
}

function machine({ own, target, ptraceScope, ownNamespaces, ...system }: Situation): FakeSystem {
  const { uid = 1000, gid = 1000 } = target ?? {};
  const spaces = { ...INITIAL, ...ownNamespaces };
  return {
    processVmReadv: "EPERM",
    memFile: "EACCES",
    ...system,
    files: {
      "/proc/self/status": statusText(own),
      "/proc/100/status": statusText(target),
      "/proc/100/maps": "!EACCES",
      "/proc/self/uid_map": "0 0 4294967295",
      "/proc/100/uid_map": "0 0 4294967295",
      ...(ptraceScope === undefined ? {} : { "/proc/sys/kernel/yama/ptrace_scope": `${ptraceScope}\n` }),
      ...system.files,
    },
    links: {
      "/proc/self/ns/user": spaces.user,
      "/proc/self/ns/pid": spaces.pid,
      "/proc/self/ns/mnt": spaces.mnt,
      "/proc/100/exe": "!EACCES",
      ...system.links,
    },
    owners: { "/proc/100/mem": { uid, gid }, ...system.owners },
  };
}

function explain(
  situation: Situation,
  action: "read" | "stop" = "read",
  tryPtrace = (): string | undefined => undefined,
): Denial | undefined {
  return denialOf(inspectLinuxPermissions(100, fakeSystem(machine(situation))), action, tryPtrace);
}

function reasons(situation: Situation): DenialReason[] {
  const denial = explain(situation);
  return denial === undefined ? [] : [denial.reason, ...denial.also];
}

const codes = (situation: Situation): string[] => reasons(situation).map(({ code }) => code);

/** As when only Yama minds. */
const ATTACH_ONLY = { files: { "/proc/100/maps": "" }, links: { "/proc/100/exe": "/usr/bin/python3" } };

describe("with Yama, the reason of a denial is", () => {
  it.each([
    [1, "Yama lets a process without CAP_SYS_PTRACE look only into those that it has started"],
    [2, "Yama lets only processes with CAP_SYS_PTRACE look into others"],
  ])("yama at ptrace_scope %d for a process of the same user", (ptraceScope, sentence) => {
    const denial = explain({ ...ATTACH_ONLY, ptraceScope });
    expect(denial).toMatchObject({
      pid: 100,
      reason: { code: "yama", ptraceScope },
      also: [],
      message: `Cannot read the memory of process 100: ${sentence} (kernel.yama.ptrace_scope is ${ptraceScope})`,
    });
  });

  it("yama at ptrace_scope 3 before all else, for root with every capability too", () => {
    const own = { uid: 0, gid: 0, capabilities: ALL };
    expect(reasons({ ...ATTACH_ONLY, own, ptraceScope: 3 })).toEqual([{ code: "yama", ptraceScope: 3 }]);
    expect(codes({ target: { uid: 1 }, ptraceScope: 3 })).toEqual(["yama", "other-user"]);
  });

  it("other-user first for another user's process, because what lifts that lifts yama", () => {
    for (const ptraceScope of [1, 2]) {
      expect(codes({ target: { uid: 1 }, ptraceScope })).toEqual(["other-user", "yama"]);
    }
    expect(codes({ target: { uid: 1 }, ptraceScope: 0 })).toEqual(["other-user"]);
  });

  it("missing-capability for root in a container, between processes of root", () => {
    const docker = { uid: 0, gid: 0, capabilities: "a80425fb", bounding: "a80425fb" };
    const files = { ...ATTACH_ONLY.files, "/.dockerenv": "" };
    const denial = explain({ ...ATTACH_ONLY, files, own: docker, target: docker, ptraceScope: 1 });
    expect(denial).toMatchObject({
      reason: { code: "missing-capability", uid: 0, container: "docker", obtainable: false },
      also: [{ code: "yama", ptraceScope: 1 }],
      message:
        "Cannot read the memory of process 100: this process is root in a docker container but has no CAP_SYS_PTRACE and cannot get it",
    });
  });

  it("not yama for a descendant at ptrace_scope 1, but at 2", () => {
    const files = {
      ...ATTACH_ONLY.files,
      "/proc/90/status": statusText({ parent: process.pid }),
      [`/proc/${process.pid}/status`]: statusText({ parent: 1 }),
    };
    const child = { ...ATTACH_ONLY, files, target: { parent: 90 } };
    expect(codes({ ...child, ptraceScope: 1 })).toEqual(["unknown"]);
    expect(codes({ ...child, ptraceScope: 2 })).toEqual(["yama"]);
  });

  it("none where reading works", () => {
    expect(explain({ ptraceScope: 1, memFile: undefined })).toBeUndefined();
    expect(explain({ ptraceScope: 1, processVmReadv: undefined })).toBeUndefined();
    // The kernel has permitted it: there was nothing at that address.
    expect(explain({ ptraceScope: 1, processVmReadv: "EFAULT" })).toBeUndefined();
    expect(explain({ ptraceScope: 1, memFile: "EIO" })).toBeUndefined();
  });
});

describe("in a container, the reason of a denial", () => {
  it("says that CAP_SYS_PTRACE cannot be had, after what is refused to a user who is not root", () => {
    const own = { bounding: "a80425fb" };
    const files = { "/var/run/secrets/kubernetes.io": "", "/.dockerenv": "" };
    expect(reasons({ own, target: { uid: 0, gid: 0 }, files })).toMatchObject([
      { code: "other-user" },
      { code: "missing-capability", uid: 1000, container: "kubernetes", obtainable: false },
    ]);
  });

  it("is the user namespace where ours is not the initial one and the target's is another", () => {
    const own = { uid: 0, gid: 0, capabilities: ALL };
    const ownNamespaces = { user: "user:[4026532000]" };
    const outside = { "/proc/self/uid_map": "0 1000 1", "/proc/100/uid_map": "0 4294967295 4294967295" };
    expect(reasons({ own, ownNamespaces, target: { uid: 65534 }, files: outside })).toEqual([
      { code: "user-namespace", inside: false },
    ]);
    // CAP_SYS_PTRACE would not count there, so that it is missing comes second.
    const without = { ...own, capabilities: "0", bounding: "0" };
    expect(codes({ own: without, ownNamespaces, target: { uid: 65534 }, files: outside })).toEqual([
      "user-namespace",
      "missing-capability",
      "other-user",
    ]);
  });
});

describe("the reason of a denial is", () => {
  it("unknown with what the security module calls both, where no rule refuses", () => {
    const files = {
      "/proc/self/attr/current": "docker-default (enforce)\n",
      "/proc/100/attr/current": "unconfined\n\0",
    };
    expect(reasons({ files, own: { capabilities: CAP_SYS_PTRACE } })).toEqual([
      { code: "unknown", label: "docker-default (enforce)", targetLabel: "unconfined" },
    ]);
    expect(explain({ own: { capabilities: CAP_SYS_PTRACE } })?.message).toBe(
      "Cannot read the memory of process 100: no rule that is known refuses it, but the kernel does",
    );
  });

  it("not the user namespace where ours is the initial one and CAP_SYS_PTRACE counts everywhere", () => {
    const files = { "/proc/100/uid_map": "0 1000 1" };
    expect(codes({ files, own: { capabilities: CAP_SYS_PTRACE } })).toEqual(["unknown"]);
    expect(codes({ files, target: { uid: 1 } })).toEqual(["other-user", "user-namespace"]);
  });

  it("no-new-privileges where the executable would have given CAP_SYS_PTRACE", () => {
    const fileCapabilities = new Uint8Array(20);
    fileCapabilities[6] = 1 << (19 - 16);
    const situation = { own: { noNewPrivileges: true }, target: { uid: 0, gid: 0 }, fileCapabilities };
    expect(reasons(situation)[0]).toEqual({ code: "no-new-privileges", executableGrants: true });
    expect(codes({ ...situation, own: {} })).toEqual(["other-user"]);
    fileCapabilities[6] = 0;
    expect(codes(situation)).toEqual(["other-user", "no-new-privileges"]);
    const owners = { "/proc/self/exe": { uid: 0, gid: 0, mode: 0o104755 } };
    expect(codes({ ...situation, owners })).toEqual(["no-new-privileges", "other-user"]);
  });

  it("seccomp only where this process may not even read itself", () => {
    const capable = { capabilities: CAP_SYS_PTRACE, seccomp: 2 };
    expect(codes({ own: capable, ownProcessVmReadv: "EPERM" })).toEqual(["seccomp"]);
    expect(codes({ own: capable, ownProcessVmReadv: "ENOSYS" })).toEqual(["seccomp"]);
    expect(codes({ own: { ...capable, seccomp: 0 }, ownProcessVmReadv: "ENOSYS" })).toEqual(["unknown"]);
    expect(codes({ own: capable })).toEqual(["unknown"]);
  });

  it.each([
    [undefined, undefined],
    ["EPERM", "Cannot stop process 100: a seccomp filter of this process refuses ptrace (EPERM)"],
    ["SIGSYS", "Cannot stop process 100: a seccomp filter of this process refuses ptrace (SIGSYS)"],
    [
      "unavailable",
      "It may not be permitted to stop process 100: a seccomp filter of this process may refuse ptrace",
    ],
  ])("seccomp for one that cannot be stopped only if the filter refuses that (%s)", (error, message) => {
    const readable = { processVmReadv: undefined, memFile: undefined };
    const filtered = { ...readable, own: { seccomp: 2 } };
    expect(explain(filtered, "stop", () => error)?.message).toBe(message);
    expect(explain(filtered, "read", () => error)).toBeUndefined();
    expect(explain(readable, "stop", () => error)).toBeUndefined();
  });

  it("not-dumpable where root owns the files of another user's process", () => {
    const owners = { "/proc/100/mem": { uid: 0, gid: 0 } };
    expect(reasons({ owners })).toEqual([{ code: "not-dumpable", setUserId: false }]);
  });

  it("traced for one that cannot be stopped, with a tracer that has no name when it is out of sight", () => {
    const readable = { processVmReadv: undefined, memFile: undefined, target: { tracer: 200 } };
    expect(explain(readable)).toBeUndefined();
    expect(explain(readable, "stop")?.reason).toEqual({ code: "traced", tracer: 200, tracerName: "unknown" });
    const files = { "/proc/200/status": statusText({ name: "gdb" }) };
    expect(explain({ ...readable, files }, "stop")?.message).toBe(
      "Cannot stop process 100: process 200 (gdb) traces it",
    );
  });

  it.each([
    ["noaccess", "!EPERM"],
    ["2", "!ENOENT"],
  ])("hidden where /proc is mounted with hidepid=%s", (hidepid, status) => {
    const mounts = `22 27 0:21 / /proc rw,relatime - proc proc rw\n30 22 0:30 / /proc rw - proc proc rw,hidepid=${hidepid}`;
    const files = { "/proc/100/status": status, "/proc/self/mountinfo": mounts };
    expect(explain({ files, hidden: [100] })).toMatchObject({
      reason: { code: "hidden", hidepid },
      message: `Cannot read the memory of process 100: it is hidden from this user (/proc is mounted with hidepid=${hidepid})`,
    });
  });
});

describe("the facts", () => {
  it("tell capabilities by name, those that are newer than this by number", () => {
    const own = { capabilities: "40000000080001" };
    const { effectiveCapabilities } = inspectLinuxPermissions(100, fakeSystem(machine({ own }))).own;
    expect(effectiveCapabilities).toEqual(["CAP_CHOWN", "CAP_SYS_PTRACE", "CAP_54"]);
  });

  it("tell namespaces by the links, and without them by what everybody may read", () => {
    const relations = (situation: Situation) =>
      inspectLinuxPermissions(100, fakeSystem(machine(situation))).namespaces;
    expect(relations({})).toEqual({ user: "same", pid: "same", mount: undefined, ownUserIsInitial: true });
    const inside = { files: { "/proc/100/uid_map": "0 1000 1" }, target: { ids: "100\t1" } };
    expect(relations(inside)).toMatchObject({ user: "different", pid: "different" });
    const links = {
      "/proc/100/ns/user": INITIAL.user,
      "/proc/100/ns/pid": "pid:[1]",
      "/proc/100/ns/mnt": "mnt:[1]",
    };
    expect(relations({ links })).toMatchObject({ user: "same", pid: "different", mount: "different" });
  });

  it("cannot be had where /proc is not mounted", () => {
    expect(() => inspectLinuxPermissions(100, fakeSystem({}))).toThrow(
      expect.objectContaining({
        name: "ProcessError",
        code: "unsupported-platform",
        message: "Cannot inspect the permissions on process 100: /proc is not mounted",
      }),
    );
    const unreadable = fakeSystem({ files: { "/proc/self/status": "!EMFILE" } });
    expect(() => inspectLinuxPermissions(100, unreadable)).toThrow(
      expect.objectContaining({ name: "ProcessError", code: "system-error" }),
    );
  });

  it("do not need what old kernels lack", () => {
    const own = "Name:\tnode\nUid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\n";
    const system = fakeSystem(machine({ files: { "/proc/self/status": own, "/proc/100/status": own } }));
    const permissions = inspectLinuxPermissions(100, system);
    expect(permissions.own).toMatchObject({ noNewPrivileges: undefined, seccomp: undefined });
    expect(permissions.namespaces.pid).toBeUndefined();
  });
});
