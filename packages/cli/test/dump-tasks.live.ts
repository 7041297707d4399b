import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, test, vi } from "vitest";
import { gdbCore, kernelLikeCore } from "../../../tools/testing/process-cores.js";
import { pythonWithPackages } from "../../../tools/testing/python-packages.js";
import { findPythons } from "../../../tools/testing/pythons.js";
import { Target } from "../../../tools/testing/target.js";
import { anyPython, Workplace } from "./pyspy-process.js";

const workplace = new Workplace();
const schemaFile = new URL("../schema/dump.schema.json", import.meta.url);
const isDump = new Ajv().compile(JSON.parse(readFileSync(schemaFile, "utf8")));
// Given as an argument: an interpreter in a root of its own does not see these files.
const standing = readFileSync(new URL("targets/standing_tasks.py", import.meta.url), "utf8");

const pythons = findPythons().filter(({ version }) => version.major === 3 && version.minor >= 7);

interface DumpedTask {
  readonly kind: string;
  readonly name: string | null;
  readonly id: number;
  readonly state: string;
  readonly changed_while_read: boolean;
  readonly awaited_by: readonly number[];
  readonly frames: readonly { readonly name: string; readonly line: number }[];
}

interface DumpedThread {
  readonly thread_id: number;
  readonly tasks: readonly DumpedTask[] | null;
  readonly process_info: { readonly tasks: readonly DumpedTask[] | null };
}

/** What `standing_tasks.py` says. */
interface Told {
  readonly tasks: Readonly<
    Record<
      string,
      {
        readonly name: string | null;
        readonly state: string;
        readonly stack: readonly (readonly [name: string, line: number])[];
        readonly outermost: readonly number[];
      }
    >
  >;
  readonly edges: readonly (readonly [task: number, waits: number])[];
  readonly threads: Readonly<Record<string, number>>;
}

async function dumped(...options: readonly string[]): Promise<readonly DumpedThread[]> {
  const { code, stdout, stderr } = await workplace.pyspy("dump", "--json", "--async", ...options).outcome;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const document: unknown = JSON.parse(stdout);
  expect(isDump(document), JSON.stringify(isDump.errors)).toBe(true);
  return document as readonly DumpedThread[];
}

interface Circumstances {
  readonly environment?: NodeJS.ProcessEnv;
  /** What to look into: the process if nothing else is said. */
  readonly look?: (target: Target) => readonly string[];
}

async function expectTasksAsTold(
  command: readonly string[],
  { environment = {}, look = ({ pid }) => ["-p", String(pid)] }: Circumstances = {},
): Promise<void> {
  await using target = Target.start(command, { env: { ...process.env, ...environment } });
  const told: Told = JSON.parse(await target.line());
  const threads = await dumped(...look(target));
  const found = threads.flatMap(({ thread_id, tasks }) =>
    (tasks ?? []).map((task) => ({ ...task, thread: thread_id })),
  );
  const shown = Object.fromEntries(
    found.map(({ id, name, state, thread, frames, awaited_by, changed_while_read }) => [
      id,
      {
        ...{ name, state, thread, changed_while_read },
        stack: frames.map((frame) => [frame.name, frame.line]),
        awaitedBy: awaited_by.toSorted(),
      },
    ]),
  );
  const expected = Object.fromEntries(
    Object.entries(told.tasks).map(([id, { name, state, stack }]) => [
      id,
      {
        ...{ name, state, stack, thread: told.threads[id], changed_while_read: false },
        awaitedBy: told.edges.flatMap(([task, waits]) => (String(task) === id ? [waits] : [])).toSorted(),
      },
    ]),
  );
  expect(shown).toEqual(expected);
  for (const { id, frames, state } of found) {
    // What asyncio itself calls the stack of a task that waits: its outermost coroutine.
    if (state !== "running") expect([frames.at(-1)?.line]).toEqual(told.tasks[id]?.outermost);
  }
  expect(threads.map(({ process_info }) => process_info.tasks)).toEqual(threads.map(() => []));
}

describe.each(pythons)("CPython $name", ({ command }) => {
  test("tasks, their coroutines and who waits for whom are what asyncio says", async () => {
    await expectTasksAsTold([...command, "-c", standing]);
  });

  test("and so are those of asyncio without its part in C", async () => {
    await expectTasksAsTold([...command, "-c", standing, "py"]);
  });
});

test("tasks of uvloop", async () => {
  const { python, folder } = pythonWithPackages(11, ["uvloop", "greenlet"]);
  await expectTasksAsTold([...python.command, "-c", standing, "uvloop"], {
    environment: { PYTHONPATH: folder },
  });
});

test("greenlets, their frames and their parents are what greenlet says", async () => {
  const { python, folder } = pythonWithPackages(11, ["uvloop", "greenlet"]);
  const source = `
import json, sys, threading, greenlet
told, keep = {}, []
class Named(greenlet.greenlet): pass
def leaf(): greenlet.getcurrent().parent.switch()
def child(): leaf()
def tell(one, state, name=None):
    keep.append(one)
    frames, frame = [], one.gr_frame
    while frame is not None and state == "waiting":
        frames.append([frame.f_code.co_name, frame.f_lineno])
        frame = frame.f_back
    told[id(one)] = dict(name=name, state=state, frames=frames, parents=[] if one.parent is None else [id(one.parent)],
        thread=threading.get_ident())
def work(last):
    waiting, dead, new = greenlet.greenlet(child), greenlet.greenlet(lambda: None), Named(child)
    waiting.switch(); dead.switch(); keep.append(dead)
    main = greenlet.getcurrent()
    def outer():
        def inner():
            tell(waiting, "waiting"); tell(new, "new", "__main__.Named"); tell(main, "waiting", "main")
            tell(between, "waiting"); tell(running, "running"); last()
        running = greenlet.greenlet(inner); running.switch()
    between = greenlet.greenlet(outer); between.switch()
stands, started = threading.Event(), threading.Event()
def rest(): started.set(); stands.wait()
threading.Thread(target=work, args=(rest,), daemon=True).start()
started.wait()
def stand(): print(json.dumps(told), flush=True); sys.stdin.read()
work(stand)
`;
  await using target = Target.start([...python.command, "-c", source], {
    env: { ...process.env, PYTHONPATH: folder },
  });
  const told: unknown = JSON.parse(await target.line());
  const threads = await dumped("-p", String(target.pid));
  const shown = threads.flatMap(({ thread_id, tasks }) =>
    (tasks ?? []).map((one) => ({ ...one, thread: thread_id })),
  );
  expect(shown.map(({ kind, changed_while_read }) => [kind, changed_while_read])).toEqual(
    shown.map(() => ["greenlet", false]),
  );
  expect(
    Object.fromEntries(
      shown.map(({ id, name, state, frames, awaited_by, thread }) => {
        const places = state === "running" ? [] : frames.map((frame) => [frame.name, frame.line]);
        return [id, { name, state, frames: places, parents: awaited_by, thread }];
      }),
    ),
  ).toEqual(told);
  // What runs is on the thread's own stack, and ends where the greenlet began.
  const running = shown.filter(({ state }) => state === "running");
  expect(running.map(({ frames }) => frames.at(-1)?.name)).toEqual(["inner", "inner"]);
});

test.each([
  ["gdb", 11, gdbCore],
  ["the kernel", 14, kernelLikeCore],
] as const)("tasks in a core file as of %s, 3.%d", async (_, minor, writeCore) => {
  const python = pythons.find(({ version, freeThreaded }) => version.minor === minor && !freeThreaded);
  if (python === undefined) throw new Error(`There is no CPython 3.${minor} on this machine`);
  await expectTasksAsTold([...python.command, "-c", standing], {
    look: ({ pid }) => {
      const path = join(workplace.folder, "core");
      writeCore(pid, path);
      return ["--core", path];
    },
  });
});

test("of a thousand tasks the one that is elsewhere comes first", async () => {
  const source = `
import asyncio, sys
async def usual(event): await event.wait()
async def elsewhere(event): await event.wait()
async def main():
    event = asyncio.Event()
    tasks = [asyncio.create_task((elsewhere if number == 500 else usual)(event)) for number in range(1000)]
    asyncio.get_running_loop().call_later(0.05, stand)
    await asyncio.gather(*tasks)
def stand(): print("ready", flush=True); sys.stdin.read()
asyncio.run(main())
`;
  await using target = Target.start([...anyPython().command, "-c", source]);
  await target.line();
  const { code, stdout } = await workplace.pyspy("dump", "--async", "-p", String(target.pid)).outcome;
  expect(code).toBe(0);
  const tree = stdout.slice(stdout.indexOf("1001 tasks")).replace(/Event.wait \(.*\)/g, "Event.wait");
  expect(tree).toBe(`1001 tasks of thread ${target.pid} "MainThread":
└─ Task-1 (waiting)
       main (<string>:9)
   ├─ Task-502 (waiting)
   │      Event.wait
   │      elsewhere (<string>:4)
   └─ 999 tasks (waiting) with the same stack:
        Task-2, Task-3, Task-4, Task-5, Task-6, Task-7, Task-8, Task-9, Task-10, Task-11, Task-12, Task-13, and 987 more
          Event.wait
          usual (<string>:3)
`);
  const tasks = (await dumped("-p", String(target.pid))).flatMap((thread) => thread.tasks ?? []);
  expect(tasks).toHaveLength(1001);
  const [main] = tasks.filter(({ awaited_by }) => awaited_by.length === 0);
  expect(tasks.filter(({ awaited_by }) => awaited_by[0] === main?.id)).toHaveLength(1000);
});

test("tasks of a busy loop are read at one moment with --blocking", async () => {
  const source = `
import asyncio, sys
async def step(number): return number
async def count():
    number = 0
    while True:
        number += await step(1)
        await asyncio.sleep(0)
async def main(): await asyncio.gather(*[count() for _ in range(20)])
print("ready", flush=True)
asyncio.run(main())
`;
  await using target = Target.start([...anyPython().command, "-c", source]);
  await target.line();
  const look = async (): Promise<void> => {
    const tasks = (await dumped("--blocking", "-p", String(target.pid))).flatMap(({ tasks }) => tasks ?? []);
    expect(tasks).toHaveLength(21);
    // It may just have been about to run one.
    expect(tasks.filter((task) => task.changed_while_read)).toEqual([]);
    expect(tasks.filter(({ state }) => state === "running").length).toBeLessThanOrEqual(1);
    for (const { frames } of tasks) expect(["count", "main"]).toContain(frames.at(-1)?.name);
  };
  await vi.waitFor(look, { timeout: 60_000, interval: 10 });
});

test("where asyncio does not tell which tasks there are, that is said", async () => {
  const python = findPythons().find(({ version }) => version.major === 3 && version.minor === 6);
  if (python === undefined) throw new Error("There is no CPython 3.6 on this machine");
  await using target = Target.start([
    ...python.command,
    "-c",
    "import asyncio, sys; print('ready'); sys.stdout.flush(); sys.stdin.read()",
  ]);
  await target.line();
  const { stdout } = await workplace.pyspy("dump", "--async", "-p", String(target.pid)).outcome;
  expect(stdout).toContain(
    "\nThe tasks of asyncio cannot be found: this version does not tell where they are\n",
  );
});
