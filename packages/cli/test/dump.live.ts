import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import { gdbCore, kernelLikeCore, notesAt } from "../../../tools/testing/process-cores.js";
import { findPythons } from "../../../tools/testing/pythons.js";
import { Target } from "../../../tools/testing/target.js";
import { type DumpedFrame, type DumpedThread, dumped, isDump, stand } from "./dump/live-dump.js";
import { anyPython, busy, type Outcome, pythons, Workplace } from "./pyspy-process.js";

const workplace = new Workplace();
// Given as an argument: an interpreter in a root of its own does not see these files.
const standing = readFileSync(new URL("targets/standing_stacks.py", import.meta.url), "utf8");

/** How long something may take that is waited for. */
const patient = { timeout: 30_000 };

async function textOf(...options: readonly string[]): Promise<Outcome> {
  return workplace.pyspy("dump", ...options).outcome;
}

const VALUES = `
import json, sys
def main(first, *rest, **names):
    one = (1,)
    text = "it's \\n"
    large = 1e+308
    items = [True, None, -3, {"a": b"\\x00"}]
    told = [(name, repr(value)) for name, value in sorted(locals().items())]
    print(json.dumps(told)); sys.stdout.flush()
    sys.stdin.read()
main(2 ** 70, "x", y=set(["z"]))
`;

/** Each thread draws the next number whenever it wakes; all the time there is one that is the last. */
const HANDING_OVER = `
import threading, time
total, lock = [0], threading.Lock()
def draw(mine):
    while True:
        with lock:
            total[0] += 1
            mine = total[0]
        time.sleep(0.0005)
for _ in range(20):
    thread = threading.Thread(target=draw, args=(0,))
    thread.daemon = True
    thread.start()
def main(total):
    sys.stdin.read()
while total[0] < 1000: time.sleep(0.01)
ready()
main(total)
`;

describe.each(findPythons())("CPython $name", (python) => {
  test.each(["the process", "its core"])(
    "stacks and variables of %s are those that Python itself tells",
    async (what) => {
      await using target = Target.start([...python.command, "-c", standing]);
      type Told = readonly [name: string, file: string, line: number, variables: Record<string, string>];
      const told: Record<string, readonly Told[]> = JSON.parse(await target.line());
      const core = join(workplace.folder, "core");
      if (what === "its core") kernelLikeCore(target.pid, core);
      const place = what === "its core" ? ["--core", core] : ["-p", `0x${target.pid.toString(16)}`];
      const threads = await dumped(workplace, "-ll", ...place);
      expect(threads.at(-1)).toMatchObject({ os_thread_id: target.pid });
      expect(threads).toHaveLength(4);
      for (const [index, [, stack]] of Object.entries(told).sort().entries()) {
        // Newest first.
        const frames = threads[2 - index]?.frames ?? [];
        expect(frames.map(({ name, filename, line }) => [name, filename, line])).toEqual(
          stack.map(([name, file, line]) => [name, file, line]),
        );
        for (const [position, [name, , , variables]] of stack.entries()) {
          if (name !== "work") continue;
          const { locals, locals_changed, qualname } = frames[position] as DumpedFrame;
          const shown = (locals ?? []).filter((local) => local.name !== "self");
          expect(Object.fromEntries(shown.map((local) => [local.name, local.repr]))).toEqual(variables);
          expect(shown.filter(({ arg }) => arg).map((local) => local.name)).toEqual(
            ["depth", "label"].filter((argument) => argument in variables),
          );
          expect(locals_changed).toBe(false);
          expect(qualname).toBe("Worker.work");
        }
      }
    },
  );

  test("with --blocking all threads are read at one moment, those too that wake by themselves, and go on", async () => {
    await using target = await stand(python, HANDING_OVER);
    const look = async (): Promise<number> => {
      const threads = await dumped(workplace, "-l", "--blocking", "-p", String(target.pid));
      const numbers = threads.flatMap(({ frames }) =>
        frames.flatMap(({ locals }) => (locals ?? []).filter(({ name }) => /^(mine|total)$/.test(name))),
      );
      const numberOf = ({ repr }: { readonly repr: string }): number => Number(/\d+/.exec(repr));
      const taken = numbers.filter(({ name }) => name === "mine").map(numberOf);
      const total = numbers.filter(({ name }) => name === "total").map(numberOf);
      expect([taken.length, total.length]).toEqual([20, 1]);
      // One may have drawn a number and not have looked at it yet.
      expect([0, 1]).toContain((total[0] ?? 0) - Math.max(...taken));
      expect(threads[0]?.process_info.notes).toEqual([
        expect.stringMatching(/^Stopped for \d+\.\d\d ms while it was read$/),
      ]);
      expect(threads[0]?.process_info.stop_time_ns).toBeGreaterThan(0);
      return total[0] ?? 0;
    };
    const first = await look();
    await vi.waitFor(async () => expect(await look()).toBeGreaterThan(first), patient);
  });

  test("values of many types are what repr() says", async () => {
    await using target = Target.start([...python.command, "-c", VALUES]);
    const told: readonly (readonly [string, string])[] = JSON.parse(await target.line());
    const [thread] = await dumped(workplace, "-ll", "-p", String(target.pid));
    const { locals } = thread?.frames.find(({ name }) => name === "main") ?? {};
    const shown = new Map((locals ?? []).map((local) => [local.name, local.repr]));
    expect(told.map(([name]) => [name, shown.get(name)])).toEqual(told);
  });
});

test("a stopped process is read, and stays stopped", async () => {
  await using target = await stand(anyPython(), "ready(); sys.stdin.read()");
  process.kill(target.pid, "SIGSTOP");
  const state = (): string =>
    /^State:\s+(\w)/m.exec(readFileSync(`/proc/${target.pid}/status`, "utf8"))?.[1] ?? "";
  await vi.waitFor(() => expect(state()).toBe("T"), patient);
  const { code, stdout } = await textOf("-p", String(target.pid));
  expect(code).toBe(0);
  expect(stdout).toContain("\nIt is stopped\n");
  expect(stdout).toContain("    <module> (<string>:");
  expect(state()).toBe("T");
});

describe("a tree of processes", () => {
  const source = `
import os, subprocess, time
def elsewhere(): os.read(0, 1)
def usual(): os.read(0, 1)
def work(number):
    if number == 5: elsewhere()
    usual()
for number in range(8):
    if os.fork() == 0:
        work(number)
        os._exit(0)
sleep = subprocess.Popen(["sleep", "600"])
zombie = subprocess.Popen(["true"])
while open("/proc/%d/stat" % zombie.pid).read().split()[2] != "Z": pass
while open("/proc/%d/comm" % sleep.pid).read() != "sleep\\n": pass
print(sleep.pid); print(zombie.pid); ready(); os.read(0, 1)
sleep.kill()
`;

  test("the one of eight workers that is elsewhere comes first; others are noted", async () => {
    await using target = Target.start([
      ...anyPython().command,
      "-c",
      `import sys\ndef ready():\n    print('ready'); sys.stdout.flush()\n${source}`,
    ]);
    const [sleep, zombie] = [await target.line(), await target.line()];
    await target.line();
    await vi.waitFor(
      async () => {
        const { code, stdout, stderr } = await textOf("-s", "-p", String(target.pid));
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        const [first, ...others] = stdout.slice(stdout.indexOf("\n\nThread ") + 2).split("\n\n");
        expect(first).toMatch(/^Thread \d+ of process \d+ \(idle\): "MainThread"\n {4}elsewhere \(/);
        expect(others.at(-1)).toMatch(
          /^7 threads of 7 processes \(idle\) with the same stack:\n.*\n {4}usual \(/,
        );
        expect(stdout).toContain(`Process ${sleep}: sleep 600 (It is not a Python program)`);
        expect(stdout).toContain(`Process ${zombie}:  (It has exited)`);
      },
      { timeout: 60_000, interval: 100 },
    );
    const outcome = await workplace.pyspy("dump", "-sj", "-p", String(target.pid)).outcome;
    const threads: readonly DumpedThread[] = JSON.parse(outcome.stdout);
    expect(isDump(threads)).toBe(true);
    expect(new Set(threads.map(({ pid }) => pid)).size).toBe(9);
    expect(new Set(threads.slice(1).map(({ process_info }) => process_info.parent?.pid))).toEqual(
      new Set([target.pid]),
    );
    target.release();
    await target.exited;
  });
});

test("a list of the Pythons, and those that match", async () => {
  await using target = await stand(anyPython(), "unlikely_word = 1; ready(); sys.stdin.read()");
  const list = await textOf();
  expect(list.code).toBe(0);
  expect(list.stdout).toMatch(new RegExp(`^ *${target.pid}  3\\.\\d+\\.\\d+ `, "m"));
  const { code, stdout } = await textOf("--match", "unlikely_w[o]rd");
  expect(code).toBe(0);
  expect(stdout.match(/^Process \d+/gm)).toEqual([`Process ${target.pid}`]);
});

test("lines of source, and a file that was changed later", async () => {
  const folder = join(workplace.folder, "project");
  mkdirSync(folder);
  const file = join(folder, "app.py");
  writeFileSync(file, "import sys\ndef f():\n    print('ready', flush=True); input()\nf()\n");
  const target = workplace.start([...anyPython().command, file], { stdin: "pipe" });
  await target.until(({ stdout }) => stdout.includes("ready"));
  const before = await textOf("--source", "-p", String(target.pid));
  expect(before.stdout).toContain("    f (app.py:3)\n        print('ready', flush=True); input()\n");
  const later = new Date(Date.now() + 60_000);
  utimesSync(file, later, later);
  const after = await textOf("--source", "-p", String(target.pid));
  expect(after.stdout).toContain("input()  (the file has changed since the process started)\n");
});

test("with --blocking a busy program is read at one moment, and goes on", async () => {
  const source = `
import threading
def count():
    left = right = 0
    while True:
        left += 1; right = left
        if left == 1: begun.set()
begun = threading.Event()
threading.Thread(target=count, daemon=True).start()
begun.wait(); ready(); sys.stdin.read()
`;
  await using target = await stand(anyPython(), source);
  const options = ["--blocking", "-l", "-p", String(target.pid)];
  const { code, stdout, stderr } = await textOf(...options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^Stopped for \d+\.\d\d ms while it was read$/m);
  expect(stdout).not.toContain("(changed while reading)");
  const countIn = (text: string, name: string): number =>
    Number(new RegExp(`${name}: (\\d+)`).exec(text)?.[1]);
  const [left, right] = [countIn(stdout, "left"), countIn(stdout, "right")];
  expect([0, 1]).toContain(left - right);
  await vi.waitFor(async () => {
    expect(countIn((await textOf(...options)).stdout, "left")).toBeGreaterThan(left);
  }, patient);
});

test("with --blocking a program that is stopped stays so, and one goes on whenever pyspy is killed", async () => {
  await using target = await stand(anyPython(), HANDING_OVER);
  const pid = String(target.pid);
  const state = (): string =>
    /^State:\s+(\w)/m.exec(readFileSync(`/proc/${target.pid}/status`, "utf8"))?.[1] ?? "";
  process.kill(target.pid, "SIGSTOP");
  await vi.waitFor(() => expect(state()).toBe("T"), patient);
  const { code, stdout } = await textOf("--blocking", "-p", pid);
  expect(code).toBe(0);
  expect(stdout).toContain("\nIt is stopped\nNothing had to be stopped: no thread ran while it was read\n");
  expect(state()).toBe("T");
  process.kill(target.pid, "SIGCONT");
  const total = async (): Promise<number> =>
    Number(/total: \[(\d+)\]/.exec((await textOf("-l", "-p", pid)).stdout)?.[1]);
  for (let kill = 0; kill < 5; kill++) {
    const options = ["--blocking", "-ll", "--repeat", "100000", "--interval", "0", "-p", pid];
    const pyspy = workplace.pyspy("dump", ...options);
    await pyspy.until((running) => running.stdout.split("After ").length > 2 + kill);
    process.kill(pyspy.pid, "SIGKILL");
    await pyspy.outcome;
    const before = await total();
    await vi.waitFor(async () => expect(await total()).toBeGreaterThan(before), patient);
    const threads = readdirSync(`/proc/${target.pid}/task`);
    const tracers = threads.map((tid) => readFileSync(`/proc/${target.pid}/task/${tid}/status`, "utf8"));
    expect(tracers.filter((status) => !/^TracerPid:\t0$/m.test(status))).toEqual([]);
  }
});

test("again: what has moved, and what has not", async () => {
  const target = workplace.start(busy(anyPython()));
  await target.moreTicks(1);
  const { code, stdout } = await textOf("-p", String(target.pid), "--repeat", "3", "--interval", "0.05");
  expect(code).toBe(0);
  expect(stdout.match(/^After [\d.]+ s: .*\d not moved$/gm)).toHaveLength(2);
  expect(stdout).toMatch(/\nIn 3 looks[ :]/);
});

test("again: an endless loop runs with the same stack, and who waits has not moved", async () => {
  const source = `
import threading
def spin():
    begun.set()
    left = 1
    while left: left += left; left = left % 7 + 1; left = min(left, 5)
begun = threading.Event()
threading.Thread(target=spin, daemon=True, name="spinner").start()
begun.wait(); ready(); sys.stdin.read()
`;
  await using target = await stand(anyPython(), source);
  const options = ["-p", String(target.pid), "--repeat", "6", "--interval", "0.1"];
  const { code, stdout, stderr } = await textOf(...options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(
    stdout.match(
      /^After .* s: 0 moved, 1 running with the same stack, 1 not moved\nSame stack, running: \d+ "spinner" \(.*\)$/gm,
    ),
  ).toHaveLength(5);
  expect(stdout).toMatch(
    /\nIn 6 looks:\n {2}same stack, running: \d+ "spinner" \(active.*\)\n {2}not moved: \d+ "MainThread" \(.*\)\n$/,
  );
  const { stdout: lines } = await workplace.pyspy("dump", "-j", ...options).outcome;
  const documents = lines
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(documents.every((document) => isDump(document))).toBe(true);
  expect(documents.map(([{ moved, ran }]) => [moved, ran])).toEqual([
    [null, null],
    ...Array.from({ length: 5 }, () => [false, true]),
  ]);
});

test("a core, gzipped, with its variables", async () => {
  const target = await stand(
    anyPython(),
    "def f(secret, shown):\n    ready(); sys.stdin.read()\nf('x', [1])",
  );
  const prefix = join(workplace.folder, "core");
  try {
    gdbCore(target.pid, prefix);
  } finally {
    await target[Symbol.asyncDispose]();
  }
  const file = `${prefix}.gz`;
  const bytes = readFileSync(prefix);
  writeFileSync(file, gzipSync(bytes, { level: 1 }));
  const { code, stdout } = await textOf("-l", "--redact", "secret", "--core", file);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Core .*core\.gz: of a process that went on\nProcess \d+: /);
  expect(stdout).toContain(`    f (<string>:5)
        Arguments:
            secret: <redacted>
            shown: [1]
`);
  const most = notesAt(bytes);
  writeFileSync(`${prefix}.most`, bytes.subarray(0, most));
  expect(await textOf("--core", `${prefix}.most`)).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^Core .*core\.most: not all of it is there\nProcess of unknown id\n/),
    stderr: expect.stringMatching(
      new RegExp(
        `^pyspy: The core file ${prefix}\\.most is cut off: ${most} of \\d+ bytes are there, .*\npyspy: Copy the core file whole, .*\n$`,
      ),
    ),
  });
  writeFileSync(`${prefix}.cut`, bytes.subarray(0, 100));
  const cut = await textOf("--core", `${prefix}.cut`);
  expect(cut).toMatchObject({ code: 1, stdout: "" });
  expect(cut.stderr).toMatch(/^pyspy: Cannot read core file .*\n$/);
});

describe("what cannot be shown", () => {
  test("a process that is gone", async () => {
    const gone = workplace.start(["true"]);
    await gone.outcome;
    expect(await textOf("-p", String(gone.pid))).toMatchObject({
      ...{ code: 1, stdout: "" },
      stderr: `pyspy: Cannot open process ${gone.pid}: there is no such process\n`,
    });
  });

  test("a process that ends midway: what was seen is shown, and one sentence", async () => {
    await using target = await stand(anyPython(), "ready(); sys.stdin.read()");
    const pyspy = workplace.pyspy(
      "dump",
      "-p",
      String(target.pid),
      "--repeat",
      "100000",
      "--interval",
      "0.01",
    );
    await pyspy.until(({ stdout }) => stdout.includes("After"));
    process.kill(target.pid, "SIGKILL");
    const { code, stdout, stderr } = await pyspy.outcome;
    expect(stdout).toContain(`Process ${target.pid}: `);
    expect(stdout).toContain("    <module> (<string>:");
    expect(stderr).toBe(`pyspy: Process ${target.pid} has exited or runs no Python any more\n`);
    expect(code).toBe(0);
  });

  describe("of a core", () => {
    async function coreOf(change: (core: Buffer) => Buffer, python = anyPython()): Promise<string> {
      await using target = await stand(python, "ready(); sys.stdin.read()");
      const path = join(workplace.folder, "core");
      kernelLikeCore(target.pid, path);
      writeFileSync(path, change(readFileSync(path)));
      return path;
    }

    test("that is cut off: its header is shown, and what is missing", async () => {
      const path = await coreOf((core) => core.subarray(0, 40_000));
      const { code, stdout, stderr } = await textOf("--core", path);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^Core .*\nProcess \d+: .*python/);
      expect(stderr).toMatch(/^pyspy: The core file is cut off: 40000 of \d+ bytes are there\n/);
      expect(stderr).toMatch(/\npyspy: Cannot read stacks in core file .*\n/);
    });

    test("of another architecture", async () => {
      const path = await coreOf((core) => {
        // EM_AARCH64
        core.writeUInt16LE(183, 18);
        return core;
      });
      const { code, stdout, stderr } = await textOf("--core", path);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^Core /);
      expect(stderr).toMatch(/^pyspy: Cannot read stacks in core file .*: it is of an? \S+ machine, .*\n/);
    });

    test("whose libraries cannot be read", async () => {
      // From 3.13 on the memory of a Python tells enough of it.
      const [python] = pythons.filter(({ version }) => version.minor === 12);
      const path = await coreOf((core) => core, python);
      const { code, stdout, stderr } = await textOf("--core", path, "--sysroot", workplace.folder);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^Core .*\nProcess \d+: .*python/);
      expect(stderr).toMatch(/\d+ files that the process had mapped cannot be found here: .*python/);
      expect(stderr).toMatch(/Cannot read stacks in core file .*: no Python was found in .*python/);
    });
  });

  test("a process that is no Python, beside one that is", async () => {
    const sleep = workplace.start(["sleep", "600"]);
    await vi.waitFor(
      () => expect(readFileSync(`/proc/${sleep.pid}/cmdline`, "utf8")).toMatch(/^sleep/),
      patient,
    );
    await using target = await stand(anyPython(), "ready(); sys.stdin.read()");
    const { code, stdout, stderr } = await textOf("-p", String(sleep.pid), "-p", String(target.pid));
    expect(code).toBe(1);
    expect(stdout).toContain(`Process ${target.pid}: `);
    expect(stderr).toMatch(/^pyspy: Cannot sample .*: it is not a Python program\n$/);
  });

  test.each([
    [["--pid", "many"], 2, /"many"/],
    [["--match", "("], 2, /"\("/],
    [["--core", "/nowhere/core"], 1, /\/nowhere\/core/],
    [["--repeat", "0", "--pid", "1"], 2, /"0"/],
    [["--core", "/nowhere", "--executable", "/nowhere/python"], 2, /Cannot use .*: there is no such file$/m],
    [["--core", "/nowhere", "--executable", "/etc/passwd"], 2, /Cannot use .*: it is not an ELF file$/m],
    [["--core", "/nowhere", "--lib-search-path", "/etc/passwd"], 2, /Cannot use .*: it is no folder$/m],
  ])("%j is refused in a sentence", async (options, code, sentence) => {
    const outcome = await textOf(...options);
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toMatch(/^pyspy: .*\n$/);
    expect(outcome.stderr).toMatch(sentence);
  });
});
