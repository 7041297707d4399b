import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findPythons } from "../../../tools/testing/pythons.js";
import { Target } from "../../../tools/testing/target.js";

const pyspy = fileURLToPath(new URL("../bin/pyspy.js", import.meta.url));
const knownStacks = fileURLToPath(new URL("./targets/known_stacks.py", import.meta.url));

/** What `dump --json` tells of a thread, as far as it is compared. */
interface Thread {
  readonly active: boolean;
  readonly os_thread_id: number;
  readonly frames: readonly {
    readonly name: string;
    readonly filename: string;
    readonly line: number;
    readonly locals: readonly { readonly name: string; readonly repr: string }[] | null;
  }[];
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pyspy-dump-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function dumpJson(pid: number, ...options: readonly string[]): Thread[] {
  const words = [pyspy, "dump", "--pid", String(pid), "--json", ...options];
  return JSON.parse(execFileSync(process.execPath, words, { encoding: "utf8" })) as Thread[];
}

/** What a dump says that fails, or of which a part does. */
function dumped(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [pyspy, "dump", ...words], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

const VALUES = `
import sys
def main(first, *rest, **names):
    one = (1,)
    text = "it's \\\\n \\u00e9"
    large = 1e+308
    items = [True, None, -3, {"a": b"\\x00"}]
    told = [(name, repr(value)) for name, value in sorted(locals().items())]
    import json
    print(json.dumps(told)); sys.stdout.flush()
    sys.stdin.read()
main(2 ** 70, "x", y={"z"})
`;

describe.each(findPythons())("CPython $name", (python) => {
  test("the stacks are those that Python itself tells", async () => {
    await using target = Target.start([...python.command, knownStacks]);
    const told = JSON.parse(await target.line()) as [string, string, number][][];
    const seen = dumpJson(target.pid)
      .map(({ frames }) => frames.map(({ name, filename, line }) => [name, filename, line]).reverse())
      .filter((stack) => !stack.some(([name]) => name === "say"));
    expect(new Set(seen.map((stack) => JSON.stringify(stack)))).toEqual(
      new Set(told.map((stack) => JSON.stringify(stack))),
    );
  });

  test("variables are what repr() says", async () => {
    const script = join(folder, "values.py");
    writeFileSync(script, `# coding: utf-8\n${VALUES}`);
    await using target = Target.start([...python.command, script]);
    const told = JSON.parse(await target.line()) as [string, string][];
    const [thread] = dumpJson(target.pid, "--locals");
    const locals = thread?.frames.find(({ name }) => name === "main")?.locals ?? [];
    const seen = new Map(locals.map(({ name, repr }) => [name, repr]));
    expect(told.map(([name]) => [name, seen.get(name)])).toEqual(told);
  });
});

describe("a process", () => {
  const [python] = findPythons();
  const words = python?.command ?? ["python3"];

  test("that is stopped is shown, and stays stopped", async () => {
    await using target = Target.start([...words, knownStacks]);
    await target.line();
    process.kill(target.pid, "SIGSTOP");
    expect(dumpJson(target.pid).length).toBeGreaterThan(1);
    const stat = execFileSync("ps", ["-o", "state=", "-p", String(target.pid)], { encoding: "utf8" });
    expect(stat.trim()[0]).toBe("T");
    process.kill(target.pid, "SIGCONT");
  });

  test("that is gone does not hide another one", async () => {
    await using target = Target.start([...words, knownStacks]);
    await target.line();
    const { status, stdout, stderr } = dumped("-p", "4194304", "-p", String(target.pid));
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining("process 4194304: there is no such process"),
    ]);
    expect(stdout).toContain("wait_in_expression");
  });

  test("that runs no Python is said to", async () => {
    await using target = Target.start(["sleep", "600"]);
    const { status, stdout, stderr } = dumped("-p", String(target.pid));
    expect([status, stdout, stderr]).toEqual([1, "", expect.stringMatching(/^pyspy: .*Python/)]);
  });
});

test("threads with the same stack are told together, the other one first", async () => {
  const program = `
import threading, sys
def wait(lock): lock.acquire()
lock = threading.Lock(); lock.acquire()
for index in range(4):
    thread = threading.Thread(target=wait, args=(lock,)); thread.daemon = True; thread.start()
def elsewhere():
    print("ready"); sys.stdout.flush(); sys.stdin.read()
elsewhere()
`;
  const [python] = findPythons();
  await using target = Target.start([...(python?.command ?? ["python3"]), "-c", program]);
  await target.line();
  const { stdout } = dumped("-p", String(target.pid));
  expect(stdout.indexOf("elsewhere")).toBeLessThan(stdout.indexOf("4 threads"));
  expect(dumped("-p", String(target.pid), "--no-fold").stdout.match(/wait \(/g)).toHaveLength(4);
});

test.each([
  [["--pid", "many"], 2, /many/],
  [["--match", "("], 2, /\(/],
  [["--core", "/nowhere/core"], 1, /nowhere/],
  [["--repeat", "0", "--pid", "1"], 2, /repeat|number/i],
])("%j is refused in a sentence", (words, code, sentence) => {
  const { status, stdout, stderr } = dumped(...words);
  expect([status, stdout]).toEqual([code, ""]);
  expect(stderr).toMatch(sentence);
  expect(stderr).not.toMatch(/\n\s+at /);
});
