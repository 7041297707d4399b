import { mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Ajv } from "ajv";
import { describe, expect, test, vi } from "vitest";
import { gdbCore } from "../../../tools/testing/process-cores.js";
import { findPythons, type Python } from "../../../tools/testing/pythons.js";
import { Target } from "../../../tools/testing/target.js";
import { anyPython, busy, type Outcome, Workplace } from "./pyspy-process.js";

const workplace = new Workplace();
const schemaFile = new URL("../schema/dump.schema.json", import.meta.url);
const isDump = new Ajv().compile(JSON.parse(readFileSync(schemaFile, "utf8")));
// Given as an argument: an interpreter in a root of its own does not see these files.
const standing = readFileSync(new URL("targets/standing_stacks.py", import.meta.url), "utf8");

interface DumpedFrame {
  readonly name: string;
  readonly qualname: string;
  readonly filename: string;
  readonly short_filename: string | null;
  readonly line: number;
  readonly locals: readonly { readonly name: string; readonly repr: string; readonly arg: boolean }[] | null;
  readonly locals_changed: boolean | null;
  readonly source: string | null;
}

interface DumpedThread {
  readonly pid: number;
  readonly thread_name: string | null;
  readonly os_thread_id: number | null;
  readonly active: boolean;
  readonly frames: readonly DumpedFrame[];
  readonly process_info: { readonly pid: number; readonly parent: { readonly pid: number } | null };
}

async function dumped(...options: readonly string[]): Promise<readonly DumpedThread[]> {
  const { code, stdout, stderr } = await workplace.pyspy("dump", "--json", ...options).outcome;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const document: unknown = JSON.parse(stdout);
  expect(isDump(document), JSON.stringify(isDump.errors)).toBe(true);
  return document as readonly DumpedThread[];
}

async function textOf(...options: readonly string[]): Promise<Outcome> {
  return workplace.pyspy("dump", ...options).outcome;
}

/** A program that has said that it is ready; `source` says so with `ready()`. */
async function stand(python: Python, source: string): Promise<Target> {
  const prologue = "import sys\ndef ready():\n    print('ready'); sys.stdout.flush()\n";
  const target = Target.start([...python.command, "-c", prologue + source]);
  await target.line();
  return target;
}

const isNamed = ({ version }: Python): boolean => version.major === 3 && version.minor >= 6;

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

describe.each(findPythons())("CPython $name", (python) => {
  test("stacks and variables are those that Python itself tells", async () => {
    await using target = Target.start([...python.command, "-c", standing]);
    type Told = readonly [name: string, file: string, line: number, variables: Record<string, string>];
    const told: Record<string, readonly Told[]> = JSON.parse(await target.line());
    const threads = await dumped("-ll", "-p", `0x${target.pid.toString(16)}`);
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
  });

  test("values of many types are what repr() says", async () => {
    await using target = Target.start([...python.command, "-c", VALUES]);
    const told: readonly (readonly [string, string])[] = JSON.parse(await target.line());
    const [thread] = await dumped("-ll", "-p", String(target.pid));
    const { locals } = thread?.frames.find(({ name }) => name === "main") ?? {};
    const shown = new Map((locals ?? []).map((local) => [local.name, local.repr]));
    expect(told.map(([name]) => [name, shown.get(name)])).toEqual(told);
  });

  test.runIf(isNamed(python))("threads have the names that they were given", async () => {
    const source = `
import threading
gate = threading.Lock(); gate.acquire()
for number in range(10):
    thread = threading.Thread(target=lambda: gate.acquire(), daemon=True)
    thread.start()
    thread.name = "CustomThreadName-%s" % number
ready(); sys.stdin.read()
`;
    await using target = await stand(python, source);
    const names = (await dumped("-p", String(target.pid))).map(({ thread_name }) => thread_name);
    const given = Array.from({ length: 10 }, (_, number) => `CustomThreadName-${number}`);
    expect(new Set(names)).toEqual(new Set(["MainThread", ...given]));
  });

  test("lines that go back are right: a comprehension over several lines", async () => {
    const source = `
def stop():
    lines = []
    frame = sys._getframe(1)
    while frame is not None:
        lines.append(frame.f_lineno)
        frame = frame.f_back
    print(lines); sys.stdout.flush(); sys.stdin.read()
def f():
    ready()
    return [
        stop()
        for number in [
            1,
        ]
    ]
f()
`;
    await using target = await stand(python, source);
    const told = await target.line();
    const [thread] = await dumped("-p", String(target.pid));
    const frames = (thread?.frames ?? []).map(({ name, line }) => [name, line]);
    // PEP 709, and 2.x, have no function for it.
    const { major, minor } = python.version;
    const inlined = major === 2 || minor >= 12;
    const outer = frames.slice(frames.findIndex(([name]) => name === "stop") + 1);
    expect(outer.map(([name]) => name)).toEqual(
      inlined ? ["f", "<module>"] : ["<listcomp>", "f", "<module>"],
    );
    expect(outer.map(([, line]) => line)).toEqual(JSON.parse(told));
  });
});

test("names in any script", async () => {
  const file = join(workplace.folder, "unicode💩.py");
  writeFileSync(file, "def кириллица():\n    print('ready', flush=True); input()\nкириллица()\n");
  const target = workplace.start([...anyPython().command, file], { stdin: "pipe" });
  await target.until(({ stdout }) => stdout.includes("ready"));
  const { stdout } = await textOf("-p", String(target.pid));
  expect(stdout).toContain("\n    кириллица (unicode💩.py:2)\n    <module> (unicode💩.py:3)\n");
});

test("threads that come and go are never mixed up", async () => {
  const source = `
import threading
def short(): pass
def start():
    while True:
        thread = threading.Thread(target=short); thread.start(); thread.join()
threading.Thread(target=start, daemon=True, name="starter").start()
ready(); sys.stdin.read()
`;
  await using target = await stand(anyPython(), source);
  for (let look = 0; look < 5; look++) {
    const threads = await dumped("-p", String(target.pid));
    const starter = threads.find(({ thread_name }) => thread_name === "starter");
    expect(starter?.frames.map(({ name }) => name)).toContain("start");
  }
});

test("a stopped process is read, and stays stopped", async () => {
  await using target = await stand(anyPython(), "ready(); sys.stdin.read()");
  process.kill(target.pid, "SIGSTOP");
  const state = (): string =>
    /^State:\s+(\w)/m.exec(readFileSync(`/proc/${target.pid}/status`, "utf8"))?.[1] ?? "";
  await vi.waitFor(() => expect(state()).toBe("T"));
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

  test("a shell that starts a Python later is no failure once it has", async () => {
    const python = anyPython();
    const script = `read line; ${python.command.join(" ")} -c 'import os; os.read(0, 1)'; true`;
    await using target = Target.start(["sh", "-c", script]);
    target.write("go\n");
    await vi.waitFor(
      async () => {
        const { code, stdout } = await textOf("-s", "-p", String(target.pid));
        expect(code).toBe(0);
        expect(stdout).toMatch(/^Process \d+: sh -c .*\nIt is not a Python program\n\n─+\nProcess \d+: /);
        expect(stdout.match(/^Thread/gm)).toHaveLength(1);
      },
      { timeout: 30_000, interval: 50 },
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
threading.Thread(target=count, daemon=True).start()
ready(); sys.stdin.read()
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
  });
});

test("again: what has moved, and what has not", async () => {
  const target = workplace.start(busy(anyPython()));
  await target.moreTicks(1);
  const { code, stdout } = await textOf("-p", String(target.pid), "--repeat", "3", "--interval", "0.05");
  expect(code).toBe(0);
  expect(stdout.match(/^After [\d.]+ s: \d moved, \d not$/gm)).toHaveLength(2);
  expect(stdout).toMatch(/\nIn 3 looks /);
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

  test("a process that is no Python, beside one that is", async () => {
    const sleep = workplace.start(["sleep", "600"]);
    await vi.waitFor(() => expect(readFileSync(`/proc/${sleep.pid}/cmdline`, "utf8")).toMatch(/^sleep/));
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
  ])("%j is refused in a sentence", async (options, code, sentence) => {
    const outcome = await textOf(...options);
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toMatch(/^pyspy: .*\n$/);
    expect(outcome.stderr).toMatch(sentence);
  });
});
