import { chmodSync, copyFileSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DenialReason } from "../src/denial.js";
import { explainDenial, inspectPermissions } from "../src/permissions.js";
import {
  AS_NOBODY,
  compile,
  run,
  start,
  startPython,
  startPythonAs,
  temporaryDirectory,
  until,
} from "./live-programs.js";
import { type Look, lookFrom, runs } from "./look-from.js";

const WITHOUT_PTRACE = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-all"];
const CONFINED = ["setpriv", "--no-new-privs"];
const IN_USER_NAMESPACE = ["unshare", "--user", "--map-root-user"];

/** Root makes the namespace, so that nobody does not own it. */
const NOBODY_IN_USER_NAMESPACE = `
libc = ctypes.CDLL(None)
ready, go = os.pipe()
if os.fork() == 0:
    os.read(ready, 1)
    for file in "uid_map", "gid_map": open(f"/proc/{os.getppid()}/{file}", "w").write("0 0 65536")
    os._exit(0)
libc.unshare(0x10000000)
os.write(go, b"1")
os.wait()
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
libc.prctl(4, 1, 0, 0, 0)
`;

function codes({ denial }: Look): DenialReason["code"][] {
  return denial === null ? [] : [denial.reason.code, ...denial.also.map(({ code }) => code)];
}

async function startSleep(...starter: string[]): Promise<number> {
  const { pid } = start([...starter, "sleep", "600"]);
  await until(() => runs(pid, "sleep"));
  return pid;
}

const REFUSED = { opening: "works", memory: "denied" };
const READ = { denial: null, stopDenial: null, opening: "works", maps: "works", memory: "\x7fELF" };

describe("a process that may be looked into", () => {
  it("is not denied, and its facts are those of the kernel", async () => {
    const pid = await startSleep(...AS_NOBODY, ...CONFINED);
    expect(explainDenial(pid)).toBeUndefined();
    expect(explainDenial(pid, "stop")).toBeUndefined();
    const { own, target, namespaces, trials } = inspectPermissions(pid);
    expect(own.uids).toEqual({ real: 0, effective: 0, saved: 0, fileSystem: 0 });
    expect(own.effectiveCapabilities).toContain("CAP_SYS_PTRACE");
    expect(target).toMatchObject({
      uids: { real: 65534, effective: 65534, saved: 65534, fileSystem: 65534 },
      effectiveCapabilities: [],
      noNewPrivileges: true,
      seccomp: "none",
      dumpable: true,
      isDescendant: true,
      tracer: undefined,
    });
    expect(namespaces).toMatchObject({ user: "same", pid: "same", mount: "same" });
    const permitted = { permitted: true, error: undefined };
    expect(trials).toEqual({
      executable: permitted,
      maps: permitted,
      processVmReadv: permitted,
      memFile: permitted,
      // Nothing is mapped at 0.
      ownProcessVmReadv: { permitted: true, error: "EFAULT" },
    });
  });

  it("is one of the same user without any capability", async () => {
    const pid = await startSleep(...AS_NOBODY);
    expect(lookFrom(AS_NOBODY, pid)).toMatchObject(READ);
  });

  it("is one with the same capabilities when root has lost CAP_SYS_PTRACE", async () => {
    const pid = await startSleep(...WITHOUT_PTRACE);
    expect(lookFrom(WITHOUT_PTRACE, pid)).toMatchObject(READ);
  });

  it("has to exist", () => {
    const gone = start(["true"]);
    gone.wait();
    for (const pid of [gone.pid, 0, -1, Number.NaN]) {
      expect(() => explainDenial(pid)).toThrow(
        expect.objectContaining({
          code: "no-such-process",
          message: `Cannot inspect the permissions on process ${pid}: there is no such process`,
        }),
      );
    }
  });

  it("has to be alive", async () => {
    const { pid } = start(["true"]);
    await until(() => /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8")));
    expect(() => explainDenial(pid)).toThrow(expect.objectContaining({ code: "exited" }));
  });
});

describe("the reason of a denial is", () => {
  it("other-user for one of another user, and no-new-privileges are in the way", async () => {
    const pid = await startSleep("setpriv", "--reuid=1", "--regid=65534", "--clear-groups");
    const look = lookFrom(AS_NOBODY, pid);
    expect(look).toMatchObject({ ...REFUSED, maps: "permission-denied" });
    expect(look.denial).toMatchObject({
      reason: { code: "other-user", uid: 65534, targetUids: { real: 1, effective: 1, saved: 1 } },
      also: [],
      message: `Cannot read the memory of process ${pid}: it runs as user 1 and this process as user 65534 without CAP_SYS_PTRACE`,
    });
    expect(look.stopDenial?.reason.code).toBe("other-user");
    const confined = lookFrom([...AS_NOBODY, ...CONFINED], pid);
    expect(codes(confined)).toEqual(["other-user", "no-new-privileges"]);
    expect(confined.denial?.also).toEqual([{ code: "no-new-privileges", executableGrants: false }]);
  });

  it("other-group for one of the same user in another group", async () => {
    const pid = await startSleep("setpriv", "--reuid=65534", "--regid=1", "--clear-groups");
    const look = lookFrom(AS_NOBODY, pid);
    expect(look).toMatchObject(REFUSED);
    expect(look.denial?.reason).toMatchObject({ code: "other-group", gid: 65534, targetGids: { real: 1 } });
  });

  it("missing-capability for root without CAP_SYS_PTRACE", async () => {
    const look = lookFrom(WITHOUT_PTRACE, await startSleep());
    expect(look).toMatchObject(REFUSED);
    expect(look.denial?.reason).toMatchObject({ code: "missing-capability", uid: 0, obtainable: false });
    expect(look.denial?.also).toEqual([{ code: "capabilities", missing: ["CAP_SYS_PTRACE"] }]);
    expect(codes(lookFrom(WITHOUT_PTRACE, await startSleep(...AS_NOBODY)))).toEqual([
      "missing-capability",
      "other-user",
    ]);
  });

  it("not-dumpable for a process of root that does not want it, for root without CAP_SYS_PTRACE", async () => {
    const { program } = await startPythonAs(WITHOUT_PTRACE, "ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)");
    const look = lookFrom(WITHOUT_PTRACE, program.pid);
    expect(look).toMatchObject(REFUSED);
    expect(codes(look)).toEqual(["missing-capability", "not-dumpable"]);
  });

  it("not-dumpable for one that has asked for it", async () => {
    const { program } = await startPythonAs(AS_NOBODY, "ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)");
    const look = lookFrom(AS_NOBODY, program.pid);
    expect(look).toMatchObject(REFUSED);
    expect(look.denial).toMatchObject({ reason: { code: "not-dumpable", setUserId: false }, also: [] });
  });

  it("not-dumpable for one whose executable may not be read", async () => {
    const path = join(temporaryDirectory(), "sleep");
    copyFileSync("/bin/sleep", path);
    chmodSync(path, 0o711);
    const { pid } = start([...AS_NOBODY, path, "600"]);
    await until(() => runs(pid, "sleep"));
    expect(codes(lookFrom(AS_NOBODY, pid))).toEqual(["not-dumpable"]);
  });

  it("other-user for a set-user-id program, which is not dumpable either", async () => {
    const path = join(temporaryDirectory(), "sleep");
    copyFileSync("/bin/sleep", path);
    chmodSync(path, 0o4755);
    const { pid } = start([...AS_NOBODY, path, "600"]);
    await until(() => runs(pid, "sleep"));
    const look = lookFrom(AS_NOBODY, pid);
    expect(look).toMatchObject(REFUSED);
    expect(look.denial?.reason).toMatchObject({
      code: "other-user",
      targetUids: { real: 65534, effective: 0 },
    });
    expect(look.denial?.also).toContainEqual({ code: "not-dumpable", setUserId: true });
  });

  it("capabilities for one of the same user that has more of them", async () => {
    const capability = ["--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service"];
    const [setpriv = "", ...nobody] = AS_NOBODY;
    const look = lookFrom(AS_NOBODY, await startSleep(setpriv, ...capability, ...nobody));
    expect(look).toMatchObject(REFUSED);
    expect(look.denial).toMatchObject({
      reason: { code: "capabilities", missing: ["CAP_NET_BIND_SERVICE"] },
      also: [],
    });
  });

  it("user-namespace for one outside that of a root who is none elsewhere", async () => {
    const look = lookFrom(IN_USER_NAMESPACE, await startSleep());
    expect(look).toMatchObject(REFUSED);
    expect(look.permissions.own.effectiveCapabilities).toContain("CAP_SYS_PTRACE");
    expect(look.denial).toMatchObject({ reason: { code: "user-namespace", inside: false }, also: [] });
  });

  it("user-namespace for one of the same user in a namespace inside ours that root has made", async () => {
    const { program } = await startPython(NOBODY_IN_USER_NAMESPACE);
    const { pid } = program;
    const look = lookFrom(AS_NOBODY, pid);
    expect(look).toMatchObject(REFUSED);
    expect(look.denial).toMatchObject({ reason: { code: "user-namespace", inside: true }, also: [] });
    expect(explainDenial(pid)).toBeUndefined();
  });

  it("no-new-privileges if they keep the capability of this process's executable from it", async () => {
    const node = join(temporaryDirectory(), "node");
    copyFileSync(process.execPath, node);
    run(["setcap", "cap_sys_ptrace+ep", node]);
    const pid = await startSleep();
    const look = lookFrom([...AS_NOBODY, ...CONFINED], pid, node);
    expect(look.denial?.reason).toEqual({ code: "no-new-privileges", executableGrants: true });
    expect(lookFrom(AS_NOBODY, pid, node)).toMatchObject(READ);
  });

  it("hidden for one that this user's /proc does not show", async () => {
    const mount = 'mount -t proc -o "hidepid=$0" proc /proc && exec "$@"';
    for (const option of ["noaccess", "invisible"]) {
      const look = lookFrom(
        ["unshare", "--mount", "sh", "-c", mount, option, ...AS_NOBODY],
        await startSleep(),
      );
      expect(look).toMatchObject({ opening: "permission-denied", denial: { also: [] } });
      expect(look.permissions.target).toBeUndefined();
      expect(look.denial?.reason).toEqual({ code: "hidden", hidepid: option });
    }
  });
});

describe("a traced process", () => {
  it("may be read but not stopped, and its tracer is named", async () => {
    const { pid } = start(["sleep", "600"]);
    await until(() => runs(pid, "sleep"));
    start(["strace", "-qq", "-o", join(temporaryDirectory(), "calls"), "-p", String(pid)]);
    await until(() => inspectPermissions(pid).target?.tracer !== undefined);
    const tracer = inspectPermissions(pid).target?.tracer;
    expect(tracer?.name).toBe("strace");
    expect(explainDenial(pid)).toBeUndefined();
    expect(explainDenial(pid, "stop")).toMatchObject({
      reason: { code: "traced", tracer: tracer?.pid, tracerName: "strace" },
      message: `Cannot stop process ${pid}: process ${tracer?.pid} (strace) traces it`,
    });
  });
});

describe("a seccomp filter on process_vm_readv", () => {
  it.each(["EPERM", "ENOSYS"] as const)("that says %s is got round by /proc/PID/mem", async (name) => {
    const launcher = compile("refuse-call", "-DCALL=SYS_process_vm_readv");
    const filtered = [launcher, String(constants.errno[name])];
    const look = lookFrom(filtered, await startSleep());
    expect(look).toMatchObject(READ);
    const refused = { permitted: false, error: name };
    expect(look.permissions.own).toMatchObject({ seccomp: "filter", noNewPrivileges: true });
    expect(look.permissions.trials).toMatchObject({
      processVmReadv: refused,
      ownProcessVmReadv: refused,
      memFile: { permitted: true },
    });

    const other = lookFrom([...AS_NOBODY, ...filtered], await startSleep());
    expect(other).toMatchObject(REFUSED);
    expect(codes(other)).toEqual(["other-user", "capabilities", "no-new-privileges", "seccomp"]);
  });

  it("is the reason if root may not open another user's files either", async () => {
    const launcher = compile("refuse-call", "-DCALL=SYS_process_vm_readv");
    const filtered = [launcher, String(constants.errno.EPERM)];
    const withoutFiles = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"];
    const look = lookFrom([...withoutFiles, ...filtered], await startSleep(...AS_NOBODY));
    expect(look.memory).toBe("denied");
    expect(look.denial).toMatchObject({
      reason: { code: "seccomp", call: "process_vm_readv", error: "EPERM" },
      also: [],
    });
  });
});

describe("a seccomp filter on ptrace", () => {
  it.each([
    ["EPERM", constants.errno.EPERM],
    ["ENOSYS", constants.errno.ENOSYS],
    ["SIGSYS", 0],
  ] as const)("that says %s refuses stopping and not reading", async (error, errno) => {
    const launcher = compile("refuse-call", "-DCALL=SYS_ptrace");
    const pid = await startSleep();
    const look = lookFrom([launcher, String(errno)], pid);
    const message = `Cannot stop process ${pid}: a seccomp filter of this process refuses ptrace (${error})`;
    expect(look).toMatchObject({ ...READ, stopDenial: { message } });
  });
});
