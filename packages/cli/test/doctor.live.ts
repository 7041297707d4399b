import { copyFileSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { findPythons } from "../../../tools/testing/pythons.js";
import { ReadableInstallation } from "../../../tools/testing/readable-installation.js";
import { Target } from "../../../tools/testing/target.js";
import { anyPython, busy, pyspyPath, Workplace } from "./pyspy-process.js";

const workplace = new Workplace();
/** How long a program may take to be started. */
const patient = { timeout: 30_000 };
const isRoot = process.geteuid?.() === 0;

test.each(findPythons())("CPython $name can be sampled", async ({ command, version, bits, freeThreaded }) => {
  const program = "import sys; print('ready'); sys.stdout.flush(); sys.stdin.read()";
  await using target = Target.start([...command, "-c", program]);
  await target.line();
  const { pid } = target;
  const outcome = await workplace.pyspy("doctor", "--pid", `0x${pid.toString(16)}`).outcome;
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  const { major, minor, micro, release } = version;
  const facts = `1 interpreter with 1 thread${freeThreaded ? ", free-threaded" : ""}${bits === 32 ? ", 32-bit" : ""}`;
  expect(outcome.stdout).toContain(`Process ${pid}\n`);
  expect(outcome.stdout).toContain("  ✓ memory  can be read with process_vm_readv\n");
  expect(outcome.stdout).toContain(`  ✓ CPython ${major}.${minor}.${micro}${release}  ${facts}, in /`);
  expect(outcome.stdout).toContain(`\nWhat works\n  ✓ record             pyspy record --pid ${pid}\n`);
});

test("as JSON, which is one document and nothing else", async () => {
  const python = anyPython();
  const target = workplace.start(busy(python));
  await target.moreTicks(1);
  const { code, stdout, stderr } = await workplace.pyspy("doc", "--json", "-p", String(target.pid)).outcome;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const executable = realpathSync(`/proc/${target.pid}/exe`);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    machine: { node: process.versions.node, platform: "linux", permissions: { uid: process.geteuid?.() } },
    process: {
      pid: target.pid,
      executable,
      commandLine: busy(python),
      readDenial: null,
      pythons: [{ pointerSize: 8, freeThreaded: false, interpreters: 1, threads: 1 }],
      works: { record: true, dump: true, locals: true, core: true, native: false },
    },
    problem: null,
  });
});

test("a program whose executable is another one by now", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pyspy-doctor-"));
  try {
    const program = join(folder, "program");
    copyFileSync("/bin/sleep", program);
    const target = workplace.start([program, "600"]);
    await vi.waitFor(
      () => expect(readFileSync(`/proc/${target.pid}/cmdline`, "utf8")).toContain(program),
      patient,
    );
    copyFileSync("/bin/cat", `${program}.new`);
    renameSync(`${program}.new`, program);
    const ask = async () => (await workplace.pyspy("doctor", "--pid", String(target.pid)).outcome).stdout;
    expect(await ask()).toContain(
      `${program} (replaced since the start; the old one is read through /proc)\n`,
    );
    rmSync(program);
    expect(await ask()).toContain(
      `${program} (deleted since the start; the old one is read through /proc)\n`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a program that is no Python", async () => {
  const target = workplace.start(["sleep", "600"]);
  await vi.waitFor(
    () => expect(readFileSync(`/proc/${target.pid}/cmdline`, "utf8")).toMatch(/^sleep/),
    patient,
  );
  const { code, stdout, stderr } = await workplace.pyspy("doctor", "--pid", String(target.pid)).outcome;
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  expect(stdout).toMatch(/\n\nWhat works\n {2}✗ record {13}Cannot sample .*: it is not a Python program\n/);
});

test("a process that does not exist", async () => {
  const gone = workplace.start(["true"]);
  await gone.outcome;
  const options = ["doctor", "--pid", String(gone.pid)];
  expect(await workplace.pyspy(...options).outcome).toEqual({
    code: 1,
    signal: null,
    stdout: "",
    stderr: `pyspy: Cannot open process ${gone.pid}: there is no such process\n`,
  });
  const { code, stdout } = await workplace.pyspy(...options, "--json").outcome;
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ process: null, problem: { code: "no-such-process" } });
});

test.runIf(isRoot)("a machine without /proc", async () => {
  const script = 'mount -t tmpfs tmpfs /proc && exec "$@"';
  const pyspy = (...words: readonly string[]) =>
    workplace.start(["unshare", "--mount", "sh", "-c", script, "sh", process.execPath, pyspyPath, ...words])
      .outcome;
  const machine = await pyspy("doctor");
  expect(machine).toMatchObject({ code: 1, stderr: "" });
  expect(machine.stdout).toMatch(
    /\n {2}✗ system {2}Cannot inspect the permissions on process \d+: \/proc is not mounted\n/,
  );
  for (const words of [
    ["doctor", "--pid", "1"],
    ["record", "-o", "/tmp/never.svg", "--pid", "1"],
  ]) {
    expect(await pyspy(...words)).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "pyspy: Cannot open process 1: /proc is not mounted\n",
    });
  }
});

test("the machine alone", async () => {
  const { code, stdout, stderr } = await workplace.pyspy("doctor").outcome;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^pyspy \d.*\n\nMachine\n {2}✓ system {2}linux on x64\n/);
  expect(stdout).toMatch(/\n\nWhat works\n {2}✓ record PROGRAM {2}programs that pyspy starts\n/);
});

test("a command line that makes no sense", async () => {
  const { code, stdout, stderr } = await workplace.pyspy("doctor", "--pid", "me").outcome;
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^pyspy: A process id is a positive number, decimal or hex, not "me"\n$/);
});

test("a process of root that somebody else asks about, and what record says then", async () => {
  using installation = new ReadableInstallation();
  const target = isRoot ? workplace.start(busy(anyPython())) : undefined;
  await target?.moreTicks(1);
  const pid = target?.pid ?? 1;
  const uid = isRoot ? 65534 : process.geteuid?.();
  const asNobody = isRoot ? ["--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  const pyspy = (options: readonly string[], ...words: readonly string[]) =>
    workplace.start(["setpriv", ...asNobody, ...options, process.execPath, installation.command, ...words])
      .outcome;
  const because = `Cannot read the memory of process ${pid}: it runs as user 0 and this process as user ${uid} without CAP_SYS_PTRACE`;
  const sudo = (words: string): RegExp =>
    new RegExp(`^ *(pyspy:|→) Try it as root: sudo env "PATH=\\$PATH" (npx )?pyspy ${words}$`, "m");

  const doctor = await pyspy([], "doctor", "--pid", String(pid));
  expect(doctor).toMatchObject({ code: 1, stderr: "" });
  expect(doctor.stdout).toContain(`  ${because}\n`);
  expect(doctor.stdout).toMatch(sudo(`record --pid ${pid}`));
  expect(doctor.stdout).toContain("\nWhat works\n  ✗ record             Its memory cannot be read\n");

  const { stdout } = await pyspy([], "doctor", "--json", "--pid", String(pid));
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    machine: { permissions: { uid, ptraceCapability: false } },
    process: { readDenial: { reason: { code: "other-user", uid } } },
    problem: { code: "permission-denied", message: because },
  });

  const words = ["record", "-o", "/tmp/never.svg", "-p", String(pid)];
  const record = await pyspy([], ...words);
  expect(record).toMatchObject({ code: 1, stdout: "" });
  const lines = [`pyspy: ${because}`, expect.stringMatching(sudo(words.join(" "))), ""];
  expect(record.stderr.split("\n")).toEqual(lines);

  const locked = await pyspy(["--no-new-privs"], ...words);
  expect(locked.stderr.split("\n")).toEqual([
    `pyspy: ${because}`,
    expect.not.stringContaining("sudo env"),
    "",
  ]);
});
