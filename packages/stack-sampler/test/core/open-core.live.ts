import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Core, openCore } from "@pyspy/stack-sampler";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gdbCore, kernelCore, kernelLikeCore, notesAt } from "../../../../tools/testing/process-cores.js";
import { findPythons, type Python } from "../../../../tools/testing/pythons.js";
import type { Target } from "../../../../tools/testing/target.js";
import { startTarget } from "../fixtures/live-programs.js";

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pyspy-cores-"));
  folders.push(folder);
  return folder;
}

/** Three threads that stand still; it tells their stacks as it sees them. A line does not change while it is told and waited in. */
const PROGRAM = `
import json, os, resource, sys, threading

resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
tids = {}

def own_ids():
    return threading.current_thread().ident, int(os.readlink("/proc/thread-self").split("/")[-1])

class Service(object):
    def serve(self, left):
        if left > 0:
            self.serve(left - 1)
        else:
            ident, tid = own_ids()
            tids[ident] = tid; os.read(idle, 1)

def stack_of(frame):
    stack = []
    while frame is not None:
        stack.append([frame.f_code.co_name, frame.f_lineno])
        frame = frame.f_back
    return stack

def stacks():
    found = []
    for ident, frame in sys._current_frames().items():
        stack = stack_of(frame)
        found.append([tids[ident], ident, stack[1:] if stack[0][0] == "stacks" else stack])
    return found

def main():
    ident, tid = own_ids()
    tids[ident] = tid
    while len(tids) < 3:
        pass
    print(json.dumps(stacks())); sys.stdout.flush(); os.read(0, 1)

idle, _ = os.pipe()
for depth in (2, 5):
    thread = threading.Thread(target=Service().serve, args=(depth,))
    thread.daemon = True
    thread.start()
main()
`;

type Told = [tid: number, pythonId: number, stack: [name: string, line: number][]][];

/** Starts the program in a folder; it stands still when this is over. */
async function standingProgram(
  python: Python,
  folder: string,
  shell = "",
): Promise<{ target: Target; told: Told; command: readonly string[] }> {
  const command = [...python.command, "-c", PROGRAM];
  const words = shell === "" ? command : ["sh", "-c", `${shell}; exec "$@"`, "sh", ...command];
  const env = { ...process.env, MALLOC_ARENA_MAX: "1" };
  const target = startTarget(words, { cwd: folder, env });
  return { target, told: JSON.parse(await target.line()) as Told, command };
}

function stacksIn(core: Core): Told {
  return core.threads.map(({ thread, frames }) => [
    thread.tid,
    thread.pythonId,
    frames.map((frame) => [frame.function.name, frame.line]),
  ]);
}

function byTid(stacks: Told): Told {
  return stacks.toSorted(([left], [right]) => left - right);
}

const pythons = findPythons().filter(({ version: { major, minor } }) =>
  major === 2 ? minor === 7 : minor >= 6,
);

describe.each(pythons)("a core of CPython $name", { timeout: 60_000 }, (python) => {
  test("has the stacks that the program saw, from gdb as well as from the kernel", async () => {
    const folder = newFolder();
    const { target, told, command } = await standingProgram(python, folder);
    const gdbPath = join(folder, "by-gdb");
    gdbCore(target.pid, gdbPath);
    const path = await kernelCore(target, folder, "SIGSEGV");
    const versions = [expect.stringContaining(versionOf(python))];

    using core = await openCore(path);
    expect(core).toMatchObject({ pid: target.pid, problem: undefined, warnings: [] });
    expect(core.pythons.map(({ version }) => version)).toEqual(versions);
    expect(byTid(stacksIn(core))).toEqual(byTid(told));
    expect(core.commandLine).toEqual(command);
    expect(core.signal).toMatchObject({ name: "SIGSEGV", reason: `sent by process ${process.pid}` });

    using byGdb = await openCore(gdbPath);
    expect(byGdb).toMatchObject({ pid: target.pid, problem: undefined, signal: undefined });
    expect(byGdb.pythons.map(({ version }) => version)).toEqual(versions);
    // Of some C libraries gdb cannot write the stacks of threads, in which outer frames are from 3.11 on.
    if (byGdb.warnings.length === 0) expect(byTid(stacksIn(byGdb))).toEqual(byTid(told));
    else {
      expect(byGdb.warnings).toEqual([expect.stringContaining("stacks of 2 threads are not in the core")]);
      expect(tops(byGdb)).toEqual(byTid(told).map(([tid, , stack]) => [tid, stack[0]]));
    }
  });
});

function tops(core: Core): unknown {
  return byTid(stacksIn(core)).map(([tid, , stack]) => [tid, stack[0]]);
}

function versionOf({ version: { major, minor, micro } }: Python): string {
  return `${major}.${minor}.${micro}`;
}

/** One that has its interpreter in a library, so that two files of it are mapped. */
const python = pythons.find(({ version, shared }) => version.minor === 12 && shared) ?? pythons.at(-1);
if (python === undefined) throw new Error("There is no CPython here");

describe("a core", { timeout: 60_000 }, () => {
  test("that has all memory is read as one that has what was written to", async () => {
    const folder = newFolder();
    const { target, told } = await standingProgram(python, folder, "echo 0x7f > /proc/self/coredump_filter");
    using core = await openCore(await kernelCore(target, folder, "SIGQUIT"), { sysroot: newFolder() });
    expect(byTid(stacksIn(core))).toEqual(byTid(told));
    expect(core.signal).toMatchObject({ name: "SIGQUIT" });
  });

  test("that was written with what the kernel would write is read as the kernel's", async () => {
    const folder = newFolder();
    const { target, told } = await standingProgram(python, folder);
    const path = join(folder, "like-the-kernel");
    kernelLikeCore(target.pid, path);
    using core = await openCore(path);
    expect(core).toMatchObject({ warnings: [], signal: undefined });
    expect(byTid(stacksIn(core))).toEqual(byTid(told));
  });

  describe("of a program that has ended", () => {
    const made = { path: "", told: [] as Told, executable: "", library: "" };

    beforeAll(async () => {
      const folder = newFolder();
      const { target, told } = await standingProgram(python, folder);
      made.told = byTid(told);
      made.path = await kernelCore(target, folder, "SIGSEGV");
      using core = await openCore(made.path);
      made.executable = core.executable ?? "";
      made.library = core.pythons[0]?.image ?? "";
    });

    test("may be compressed, and nothing stays behind", async () => {
      const path = join(newFolder(), "core.gz");
      writeFileSync(path, gzipSync(readFileSync(made.path), { level: 1 }));
      const before = leftOvers();
      using core = await openCore(path);
      expect(byTid(stacksIn(core))).toEqual(made.told);
      expect(leftOvers()).toEqual(before);
    });

    test("that is cut off tells what it has", async () => {
      const path = join(newFolder(), "core");
      copyFileSync(made.path, path);
      const { size } = statSync(path);
      truncateSync(path, 40_000);
      using core = await openCore(path);
      expect(core.warnings[0]).toBe(`The core file is cut off: 40000 of ${size} bytes are there`);
      expect(core.problem).toMatchObject({ code: "not-started" });
      expect(core.threads.map(({ thread }) => thread.tid).toSorted((a, b) => a - b)).toEqual(
        made.told.map(([tid]) => tid),
      );
      expect(core.signal?.name).toBe("SIGSEGV");
    });

    test("finds moved files in a root, or by name in a folder", async () => {
      const root = newFolder();
      for (const path of [made.executable, made.library]) {
        mkdirSync(join(root, dirname(path)), { recursive: true });
        copyFileSync(path, join(root, path));
      }
      using inRoot = await openCore(made.path, { sysroot: root });
      expect(inRoot.steps.find(({ outcome }) => outcome === "found")?.method).toBe("symbol");
      expect(byTid(stacksIn(inRoot))).toEqual(made.told);
      const options = {
        sysroot: newFolder(),
        executable: join(root, made.executable),
        librarySearchPath: [dirname(join(root, made.library))],
      };
      using byName = await openCore(made.path, options);
      expect(byName.steps.find(({ outcome }) => outcome === "found")?.method).toBe("symbol");
      expect(byTid(stacksIn(byName))).toEqual(made.told);
    });

    test("does not use a file of another build, and says so", async () => {
      const folder = newFolder();
      const other = join(folder, basename(made.library));
      copyFileSync("/bin/sh", other);
      using core = await openCore(made.path, { sysroot: newFolder(), librarySearchPath: [folder] });
      expect(core.warnings).toContain(
        `${other} is not used: it is another build (by its build id) than ${made.library} that ran`,
      );
      expect(core.problem?.code).toBe("not-python");
    });

    test("uses the right file all the same where a told one is of another build, or no binary", async () => {
      const folder = newFolder();
      writeFileSync(join(folder, basename(made.library)), "hello");
      using core = await openCore(made.path, { executable: "/bin/sh", librarySearchPath: [folder] });
      expect(core.warnings).toContain(
        `/bin/sh is not used: it is another build (by its build id) than ${made.executable} that ran`,
      );
      if (made.library !== made.executable)
        expect(core.warnings).toContain(
          `${join(folder, basename(made.library))} is not used: it is no binary`,
        );
      expect(byTid(stacksIn(core))).toEqual(made.told);
    });

    test("without build ids does not use a file that lies in memory in another way", async () => {
      const path = join(newFolder(), "core");
      writeFileSync(path, withoutBuildIds(readFileSync(made.path)));
      using core = await openCore(path, { executable: "/bin/sh" });
      expect(core.warnings).toEqual([
        `/bin/sh is not used: it lies in memory in another way than ${made.executable} that ran`,
      ]);
      expect(byTid(stacksIn(core))).toEqual(made.told);
      using right = await openCore(path, { executable: made.executable });
      expect(right.warnings).toEqual([]);
    });

    test("says which files it lacks where they are not here", async () => {
      using core = await openCore(made.path, { sysroot: newFolder() });
      expect(core.problem).toMatchObject({
        code: "not-python",
        message: `Cannot read stacks in core file ${made.path}: no Python was found in ${made.executable}`,
      });
      expect(core.warnings).toEqual([
        expect.stringMatching(/^\d+ files that the process had mapped cannot be found here: /),
      ]);
      expect(core.warnings[0]).toContain(made.executable);
      expect(core.threads.map(({ thread }) => thread.tid)).toHaveLength(3);
    });
  });

  test("of gdb that has lost its notes is read by the headers of the binaries in it", async () => {
    const folder = newFolder();
    const { target, told } = await standingProgram(python, folder);
    const path = join(folder, "core");
    gdbCore(target.pid, path);
    using whole = await openCore(path);
    const [image = ""] = whole.pythons.map((one) => one.image);
    truncateSync(path, notesAt(readFileSync(path)));
    using core = await openCore(path, { librarySearchPath: [dirname(image)] });
    expect(core).toMatchObject({ lacksNotes: true, problem: { code: "incomplete-core" }, warnings: [] });
    const [found] = core.pythons;
    // By any of the file's names.
    expect([found?.version, dirname(found?.image ?? "")]).toEqual([
      whole.pythons[0]?.version,
      dirname(image),
    ]);
    // Python knows the kernel's ids itself from 3.11 on.
    expect(byTid(stacksIn(core))).toEqual(byTid(told));
    using unaided = await openCore(path);
    expect(unaided.problem?.message).toBe(core.problem?.message);
  });

  test("of something else has no Python, which is said in one sentence", async () => {
    const folder = newFolder();
    const target = startTarget(["sh", "-c", "ulimit -c unlimited; echo; read line"], { cwd: folder });
    await target.line();
    const path = await kernelCore(target, folder, "SIGSEGV");
    using core = await openCore(path);
    expect(core.problem).toMatchObject({
      code: "not-python",
      message: `Cannot read stacks in core file ${path}: no Python was found in ${core.executable}`,
    });
    expect(core.threads.map(({ thread, isSignalled }) => [thread.tid, isSignalled])).toEqual([
      [target.pid, true],
    ]);
  });
});

/** A core in which no note is one of a build id any more. */
function withoutBuildIds(core: Buffer): Buffer {
  const buildIdNote = Buffer.from("\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0", "latin1");
  for (let at = core.indexOf(buildIdNote); at >= 0; at = core.indexOf(buildIdNote, at + 1))
    core[at + 8] = 0x77;
  return core;
}

/** Folders that cores are unpacked in. */
function leftOvers(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("pyspy-core-"));
}
