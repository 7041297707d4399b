import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { pythonWithPackages } from "../../../tools/testing/python-packages.js";
import { findPythons } from "../../../tools/testing/pythons.js";
import { Target } from "../../../tools/testing/target.js";
import { dumped, stand } from "./dump/live-dump.js";
import { Workplace } from "./pyspy-process.js";

/** What py-spy tests with programs of its own (its tests/scripts), on every Python. */

const workplace = new Workplace();

const isPython3 = ({ version }: { readonly version: { readonly major: number } }): boolean =>
  version.major === 3;

/** `local_vars.py`; says its variables as repr() has them. */
const LOCALS = `
import json, sys
def tell(variables):
    print(json.dumps([(name, repr(value)) for name, value in sorted(variables.items())])); sys.stdout.flush()
def local_variable_lookup(arg1="foo", arg2=None, arg3=True):
    local1 = [-1234, 5678]
    local2 = ("a", "b", "c")
    local3 = 123456789123456789
    local4 = 3.1415
    local5 = {"a": False, "b": (1, 2, 3)}
    local6 = ((3, {"a": (1, (2, 3)), "b": {}}, "x"), [], ())
    local25 = LONG
    local26 = ""
    tell(locals()); sys.stdin.read()
LONG = b"\\xe6\\xb5\\x8b\\xe8\\xaf\\x951".decode("utf8") * 500
local_variable_lookup()
`;

describe.each(findPythons())("CPython $name", (python) => {
  test("local_vars: arguments and variables", async () => {
    await using target = Target.start([...python.command, "-c", LOCALS]);
    const told = new Map<string, string>(JSON.parse(await target.line()));
    const [thread, ...others] = await dumped(workplace, "-l", "-p", String(target.pid));
    expect(others).toEqual([]);
    const { locals } = thread?.frames.find(({ name }) => name === "local_variable_lookup") ?? {};
    const long = locals?.find(({ name }) => name === "local25")?.repr ?? "";
    expect(long).toMatch(isPython3(python) ? /^'(测试1)+.*\.\.\./u : /^u'(\\u6d4b\\u8bd51)+.*\.\.\./);
    expect(long.length).toBeLessThan(160);
    told.set("local25", long);
    const shown = locals ?? [];
    expect(shown.map(({ name, repr }) => [name, repr]).toSorted()).toEqual([...told].toSorted());
    expect(shown.filter(({ arg }) => arg).map(({ name }) => name)).toEqual(["arg1", "arg2", "arg3"]);
  });

  test("thread_names: names that were given later", async () => {
    const source = `
import threading
gate = threading.Lock(); gate.acquire()
for number in range(10):
    thread = threading.Thread(target=lambda: gate.acquire())
    thread.daemon = True
    thread.start()
    thread.name = "CustomThreadName-%s" % number
ready(); sys.stdin.read()
`;
    await using target = await stand(python, source);
    const names = (await dumped(workplace, "-p", String(target.pid))).map(({ thread_name }) => thread_name);
    const given = Array.from({ length: 10 }, (_, number) => `CustomThreadName-${number}`);
    expect(new Set(names)).toEqual(new Set(["MainThread", ...given]));
  });

  test("thread_reuse: threads that come and go are never mixed up", async () => {
    const source = `
import threading
def short(): pass
def start():
    begun = False
    while True:
        thread = threading.Thread(target=short); thread.start(); thread.join()
        if not begun: ready()
        begun = True
starter = threading.Thread(target=start, name="starter")
starter.daemon = True
starter.start()
sys.stdin.read()
`;
    await using target = await stand(python, source);
    for (let looks = 0; looks < 3; ) {
      const threads = await dumped(workplace, "-p", String(target.pid));
      const starter = threads.find(({ thread_name }) => thread_name === "starter");
      // In one look of hundreds the names are being changed; and what is said to have moved on while it was read is not believed.
      if (starter === undefined || starter.changed_while_read) continue;
      looks += 1;
      expect(starter.frames.map(({ name }) => name)).toContain("start");
      const main = threads.find(({ os_thread_id }) => os_thread_id === target.pid);
      expect(main).toMatchObject({ thread_name: "MainThread", frames: [{ name: "<module>" }] });
    }
  });

  test("negative_linenumber_offsets: a comprehension over several lines", async () => {
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
    const [thread] = await dumped(workplace, "-p", String(target.pid));
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

  test("cyrillic, unicode💩: names in any script", async () => {
    // An interpreter in a root of its own does not see files of ours, but a name is all that a code object has.
    const name = isPython3(python) ? "кириллица" : "function";
    const source = `# -*- coding: utf-8 -*-
import sys
source = """# -*- coding: utf-8 -*-
def ${name}():
    print('ready'); sys.stdout.flush(); sys.stdin.read()
${name}()
"""
exec(compile(source, "/nowhere/unicode💩.py", "exec"), {"sys": sys})
`;
    await using target = Target.start([...python.command, "-c", source], {
      env: { ...process.env, PYTHONIOENCODING: "utf-8", LC_ALL: "C.UTF-8" },
    });
    await target.line();
    const { stdout } = await workplace.pyspy("dump", "-p", String(target.pid)).outcome;
    expect(stdout).toContain(`\n    ${name} (unicode💩.py:3)\n    <module> (unicode💩.py:4)\n`);
  });

  test("dump_subprocesses_threads, subprocesses_zombie_child: each process once, whatever it has started", async () => {
    const source = `
import os, threading
gate = threading.Lock(); gate.acquire()
child = os.fork()
if child == 0:
    os.read(0, 1); os._exit(0)
zombie = os.fork()
if zombie == 0: os._exit(0)
for number in range(4):
    thread = threading.Thread(target=gate.acquire)
    thread.daemon = True
    thread.start()
while open("/proc/%d/stat" % zombie).read().split()[2] != "Z": pass
print(child); print(zombie); ready(); os.read(0, 1)
`;
    await using target = Target.start([
      ...python.command,
      "-c",
      `import sys\ndef ready():\n    print('ready'); sys.stdout.flush()\n${source}`,
    ]);
    const [child, zombie] = [await target.line(), await target.line()];
    await target.line();
    await vi.waitFor(
      async () => {
        const { code, stdout } = await workplace.pyspy("dump", "-s", "-p", String(target.pid)).outcome;
        expect(code).toBe(0);
        const processes = [...stdout.matchAll(/^ *Process (\d+): /gm)].map(([, pid]) => pid);
        expect(processes).toEqual([String(target.pid), child, zombie]);
        expect(stdout).toMatch(/^4 threads .*with the same stack:$/m);
        expect(stdout).toContain("\nIt has exited\n");
      },
      { timeout: 30_000, interval: 50 },
    );
    target.release();
    await target.exited;
  });

  test("delayed_launch: a shell that starts a Python later is no failure once it has", async () => {
    const script = `read line; ${python.command.join(" ")} -c 'import os; os.read(0, 1)'; true`;
    await using target = Target.start(["sh", "-c", script]);
    target.write("go\n");
    await vi.waitFor(
      async () => {
        const { code, stdout } = await workplace.pyspy("dump", "-s", "-p", String(target.pid)).outcome;
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

test("local_vars: numbers of numpy by value, and the rest by type", async () => {
  const { python, folder } = pythonWithPackages(11, ["numpy", "pandas"]);
  const names = "bool byte int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64".split(" ");
  const source = `
import json, numpy
def main():
    numbers = {name: getattr(numpy, name if name != "bool" else "bool_")(1.5 if name.startswith("float") else 1) for name in ${JSON.stringify(names)}}
    array = numpy.zeros((2, 3))
    print("ready", flush=True)
    print(json.dumps([repr(one) for one in numbers.values()]), flush=True); sys.stdin.read()
main()
`;
  await using target = await stand(python, source, { PYTHONPATH: folder });
  const told: string[] = JSON.parse(await target.line());
  const [thread] = await dumped(workplace, "-llll", "-p", String(target.pid));
  const locals = new Map(
    (thread?.frames.find(({ name }) => name === "main")?.locals ?? []).map(({ name, repr }) => [name, repr]),
  );
  expect(locals.get("numbers")).toBe(
    `{${names.map((name, index) => `'${name}': ${told[index]}`).join(", ")}}`,
  );
  expect(locals.get("array")).toBe("<numpy.ndarray shape=(2, 3) dtype=float64>");
});

test("variables that are greenlets and loops of uvloop", async () => {
  const { python, folder } = pythonWithPackages(11, ["uvloop", "greenlet"]);
  const source = `
import asyncio, greenlet, uvloop
def main(loop):
    current = greenlet.getcurrent(); other = greenlet.greenlet(main)
    ready(); sys.stdin.read()
main(uvloop.new_event_loop())
`;
  await using target = await stand(python, source, { PYTHONPATH: folder });
  const [thread] = await dumped(workplace, "-l", "-p", String(target.pid));
  const { locals } = thread?.frames.find(({ name }) => name === "main") ?? {};
  expect((locals ?? []).map(({ name, repr }) => [name, repr])).toEqual([
    ["loop", expect.stringMatching(/^<uvloop\.Loop at 0x[\da-f]+>$/)],
    ["current", expect.stringMatching(/^<greenlet\.greenlet at 0x[\da-f]+>$/)],
    ["other", expect.stringMatching(/^<greenlet\.greenlet at 0x[\da-f]+>$/)],
  ]);
});

test("a name that is a file's own", async () => {
  const python = findPythons().findLast(({ source, version }) => source === "pyenv" && version.major === 3);
  if (python === undefined) throw new Error("There is no CPython of pyenv on this machine");
  const file = join(workplace.folder, "unicode💩.py");
  writeFileSync(file, "def кириллица():\n    print('ready', flush=True); input()\nкириллица()\n");
  const target = workplace.start([...python.command, file], { stdin: "pipe" });
  await target.until(({ stdout }) => stdout.includes("ready"));
  const { stdout } = await workplace.pyspy("dump", "-p", String(target.pid)).outcome;
  expect(stdout).toContain("\n    кириллица (unicode💩.py:2)\n    <module> (unicode💩.py:3)\n");
});
