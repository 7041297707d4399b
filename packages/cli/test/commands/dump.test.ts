import { readFileSync } from "node:fs";
import { SamplerError } from "@pyspy/stack-sampler";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parseArgs } from "../../src/args.js";
import { dump } from "../../src/commands/dump.js";
import { MovementWatch } from "../../src/dump/movement.js";
import { withoutStacks } from "../../src/dump/open-targets.js";
import type { DumpCommand } from "../../src/dump-arguments.js";
import { FakeProcess, FakeWorld, frame, holdsGil, SampleState, task, thread } from "../dump/fake-dump.js";

const schemaFile = new URL("../../schema/dump.schema.json", import.meta.url);
const isDump = new Ajv().compile(JSON.parse(readFileSync(schemaFile, "utf8")));

function command(line: string): DumpCommand {
  const parsed = parseArgs(["dump", ...line.split(" ").filter(Boolean)]);
  if (parsed.name !== "dump") throw new Error("it is another command");
  return parsed;
}

async function dumped(world: FakeWorld, line: string): Promise<number> {
  const ending = await dump(command(line), world.surroundings);
  return "code" in ending ? ending.code : -1;
}

/** Each line is one, and is what the schema says. */
function documentsIn(output: string): Record<string, unknown>[][] {
  return output
    .trimEnd()
    .split("\n")
    .map((line) => {
      const document = JSON.parse(line);
      expect(isDump(document), JSON.stringify(isDump.errors)).toBe(true);
      return document;
    });
}

const main = thread(7, "MainThread", [frame("wait /lib/threading.py:5"), frame("<module> /app/a.py:9")]);
const worker = (tid: number, line = 3) =>
  thread(tid, `w-${tid}`, [frame(`Worker.work /app/worker.py:${line}`), frame("run /lib/threading.py:1")]);

describe("one process", () => {
  test("its threads, the main one first, innermost frames first", async () => {
    const process = new FakeProcess(
      7,
      ["python3", "my app.py"],
      [
        thread(8, "busy", [frame("loop /app/a.py:2")], holdsGil),
        thread(9, "", [], SampleState.active),
        thread(0, "odd\x1b[31m", [frame("<module> <string>")], SampleState.wantsGil | SampleState.collecting),
        main,
      ],
    );
    const world = new FakeWorld([process]);
    expect(await dumped(world, "-p 7")).toBe(0);
    expect(world.output).toBe(`Process 7: python3 'my app.py'
Python v3.12.1 (/usr/bin/python3)

Thread 7 (idle): "MainThread"
    wait (threading.py:5)
    <module> (a.py:9)

Thread 8 (active+gil): "busy"
    loop (a.py:2)

Thread 9 (active)
    no Python is on its stack

Thread 0x7F00 (idle, waiting for the GIL, collecting garbage): "odd\\x1b[31m"
    <module> (<string>)
`);
    expect(world.said).toEqual([]);
    expect(process.isClosed).toBe(true);
  });

  test("stacks that cannot be read are called so, and are not the same", async () => {
    const lost = (tid: number) => ({ ...thread(tid, `w-${tid}`, []), isUnreadable: true });
    const processes = () => [new FakeProcess(7, ["python3"], [lost(8), lost(9)])];
    const world = new FakeWorld(processes());
    await dumped(world, "-p 7");
    expect(world.output.match(/"w-[89]"\n {4}its stack cannot be read\n/g)).toHaveLength(2);
    const other = new FakeWorld(processes());
    await dumped(other, "-p 7 -j");
    expect(JSON.parse(other.output)).toEqual([
      expect.objectContaining({ unreadable: true, frames: [] }),
      expect.objectContaining({ unreadable: true, frames: [] }),
    ]);
  });

  test("the name of a file begins with its outermost package", async () => {
    const process = new FakeProcess(7, ["python3"], [thread(7, "", [frame("f /x/site/pkg/sub/m.py:1")])]);
    process.files.set("/x/site/pkg/__init__.py", { text: "" });
    process.files.set("/x/site/pkg/sub/__init__.py", { text: "" });
    const world = new FakeWorld([process]);
    await dumped(world, "-p 7");
    expect(world.output).toContain("    f (pkg/sub/m.py:1)\n");
    await dumped(world, "-p 7 --full-filenames");
    expect(world.output).toContain("    f (/x/site/pkg/sub/m.py:1)\n");
  });

  test("variables, and a note where the frame has moved on", async () => {
    const process = new FakeProcess(
      7,
      ["python3"],
      [thread(7, "", [frame("f /a.py:1", { arg1: "'a\x1b'", local1: "[1]", changed: "1" })])],
    );
    const world = new FakeWorld([process]);
    await dumped(world, "-p 7 -l");
    expect(world.output).toContain(`    f (a.py:1)
        (changed while reading)
        Arguments:
            arg1: 'a\\x1b'
        Locals:
            local1: [1]
            changed: 1
`);
  });

  test("lines of source code, and a note where the file is another one since", async () => {
    const process = new FakeProcess(
      7,
      ["python3"],
      [thread(7, "", [frame("f /a.py:2"), frame("g /b.py:1"), frame("h /gone.py:1")])],
    );
    process.files.set("/a.py", { text: "x\r\n    call()  \n", modified: new Date("2026-01-31T11:00:00Z") });
    process.files.set("/b.py", { text: "f()", modified: new Date("2026-01-31T13:00:00Z") });
    const world = new FakeWorld([process]);
    await dumped(world, "-p 7 --source");
    expect(world.output).toContain(`    f (a.py:2)
        call()
    g (b.py:1)
        f()  (the file has changed since the process started)
    h (gone.py:1)
`);
  });

  test("threads with the same stack are one, after those with another one", async () => {
    const threads = [main, worker(8), worker(9), worker(10, 4), worker(11)];
    const world = new FakeWorld([new FakeProcess(7, ["python3"], threads)]);
    await dumped(world, "-p 7");
    expect(world.output.split("\n\n").slice(1)).toEqual([
      expect.stringMatching(/^Thread 7 /),
      'Thread 10 (idle): "w-10"\n    Worker.work (worker.py:4)\n    run (threading.py:1)',
      `3 threads (idle) with the same stack:
  8 "w-8", 9 "w-9", 11 "w-11"
    Worker.work (worker.py:3)
    run (threading.py:1)
`,
    ]);
    const all = new FakeWorld([new FakeProcess(7, ["python3"], threads)]);
    await dumped(all, "-p 7 --no-fold");
    expect(all.output.match(/^Thread \d+/gm)).toEqual([7, 8, 9, 10, 11].map((tid) => `Thread ${tid}`));
  });

  test("threads whose variables differ are not the same, but for where objects are", async () => {
    const stack = (tid: number, value: string) => thread(tid, "", [frame("f /a.py:1", { arg: value })]);
    const threads = [stack(7, "<A at 0x7f1>"), stack(8, "<A at 0x7f2>"), stack(9, "<B at 0x7f1>")];
    const world = new FakeWorld([new FakeProcess(7, ["python3"], threads)]);
    await dumped(world, "-p 7 -l");
    expect(world.output).toMatch(
      /\n\nThread 9 [\s\S]*\n\n2 threads \(idle\) with the same stack:\n {2}7, 8\n/,
    );
  });

  test("how long it was stopped to be read, if that was asked for, also again and again", async () => {
    const process = new FakeProcess(7, ["python3"], [main]);
    const world = new FakeWorld([process]);
    await dumped(world, "-p 7 -j");
    expect(JSON.parse(world.output)[0].process_info).toMatchObject({ stop_time_ns: 0, notes: [] });
    await dumped(world, "-p 7 --blocking");
    expect(world.output).toContain(
      "\nNothing had to be stopped: no thread ran while it was read\n\nThread 7",
    );
    process.stop = { stopped: 1_234_567, unstopped: 2 };
    world.output = "";
    await dumped(world, "-p 7 --blocking --repeat 2");
    const notes = `Stopped for 1.23 ms while it was read
2 threads could not be stopped: what is shown of them may be of another moment
`;
    expect(world.output).toContain(`\nPython v3.12.1 (/usr/bin/python3)\n${notes}\nThread 7`);
    expect(world.output).toContain(`\nAfter 1 s: 0 moved, 1 not moved\n${notes}`);
    world.output = "";
    await dumped(world, "-p 7 --blocking --json");
    expect(JSON.parse(world.output)[0].process_info).toMatchObject({
      stop_time_ns: 1_234_567,
      notes: notes.trimEnd().split("\n"),
    });
    process.stop = { stopped: 0, unstopped: 1 };
    world.output = "";
    await dumped(world, "-p 7 --blocking");
    expect(world.output).toContain(
      "\nPython v3.12.1 (/usr/bin/python3)\n1 thread could not be stopped: what is shown of it may be of another moment\n",
    );
  });

  test("one that is stopped is told to be", async () => {
    const process = new FakeProcess(7, ["python3"], [main]);
    process.isStopped = true;
    const world = new FakeWorld([process]);
    await dumped(world, "-p 7");
    expect(world.output).toContain("\nIt is stopped\n\nThread 7");
  });
});

describe("several processes", () => {
  const child = (pid: number, line: number) =>
    new FakeProcess(pid, ["python3", "w.py"], [thread(pid, "MainThread", worker(pid, line).frames)]);
  const tree = [
    ...[21, 22, 23].map((pid) => ({ pid, parent: 7, commandLine: ["python3", "w.py"] })),
    { pid: 24, parent: 7, commandLine: ["sleep", "9"] },
    { pid: 25, parent: 24, commandLine: [] },
  ];
  const processes = () => [
    new FakeProcess(7, ["python3"], [thread(7, "MainThread", [frame("<module> /app/a.py:9")])]),
    ...[child(21, 3), child(22, 4), child(23, 3)],
  ];

  test("a tree, of which the worker that is elsewhere comes first", async () => {
    const world = new FakeWorld(processes(), tree);
    expect(await dumped(world, "-p 7 -s")).toBe(0);
    expect(world.output).toBe(`Process 7: python3
Python v3.12.1 (/usr/bin/python3)
  Process 21: python3 w.py
  Process 22: python3 w.py
  Process 23: python3 w.py
  Process 24: sleep 9 (It is not a Python program)
    Process 25:  (It has exited)

Thread 22 of process 22 (idle): "MainThread"
    Worker.work (worker.py:4)
    run (threading.py:1)

Thread 7 of process 7 (idle): "MainThread"
    <module> (a.py:9)

2 threads of 2 processes (idle) with the same stack:
  21 "MainThread", 23 "MainThread"
    Worker.work (worker.py:3)
    run (threading.py:1)
`);
    expect(world.said).toEqual([]);
  });

  test("each with its own threads where they have nothing in common", async () => {
    const world = new FakeWorld(processes(), tree);
    await dumped(world, "-p 7 -s --no-fold");
    expect(world.output.split(`\n${"─".repeat(40)}\n`)).toEqual([
      expect.stringMatching(/^Process 7: python3\nPython [\s\S]*\n\nThread 7 \(idle\)/),
      expect.stringMatching(/^Process 21: [\s\S]*\nParent Process 7: python3\n\nThread 21 \(idle\)/),
      expect.stringMatching(/^Process 22: /),
      expect.stringMatching(/^Process 23: /),
      "Process 24: sleep 9\nParent Process 7: python3\nIt is not a Python program\n",
      "Process 25: \nParent Process 24: sleep 9\nIt has exited\n",
    ]);
  });

  test("a shell at the root of the tree is no failure, a tree without a Python is", async () => {
    const world = new FakeWorld([child(21, 3)], [{ pid: 21, parent: 5, commandLine: ["python3"] }]);
    expect(await dumped(world, "-p 5 -s")).toBe(0);
    expect(world.output).toMatch(/^Process 5: sh\nIt is not a Python program\n\n─+\nProcess 21: /);
    const empty = new FakeWorld([]);
    expect(await dumped(empty, "-p 5 -s")).toBe(1);
    expect(empty).toMatchObject({
      output: "",
      said: ["Cannot sample process 5: it is not a Python program"],
    });
  });

  test("what cannot be shown is said, and the rest is shown", async () => {
    const world = new FakeWorld([child(21, 3)]);
    expect(await dumped(world, "-p 6 -p 21")).toBe(1);
    expect(world.output).toMatch(/^Process 21: /);
    expect(world.said).toEqual(["Cannot sample process 6: it is not a Python program"]);
  });

  test("by their command lines", async () => {
    const world = new FakeWorld(processes());
    expect(await dumped(world, "--match w[.]py --no-fold")).toBe(0);
    expect(world.output.match(/^Process \d+/gm)).toEqual(["Process 21", "Process 22", "Process 23"]);
    const denied =
      "2 processes of others with such command lines may not be looked into; pyspy doctor tells why";
    expect(world.said).toEqual([denied]);
    expect(await dumped(world, "--match nothing")).toBe(1);
    expect(world.said.slice(1)).toEqual([
      "No Python that may be looked into has a command line like /nothing/",
      denied,
    ]);
  });

  test("a list of those that there are", async () => {
    const world = new FakeWorld(processes());
    expect(await dumped(world, "")).toBe(0);
    expect(world.output.split("\n").slice(0, 3)).toEqual([
      "PID  PYTHON  COMMAND",
      "  7  3.12.1  python3",
      " 21  3.12.1  python3 w.py",
    ]);
    expect(world.said[0]).toBe("2 processes of others may not be looked into; pyspy doctor tells why");
  });
});

describe("again and again", () => {
  test("tells what has moved and what has not", async () => {
    const world = new FakeWorld([
      new FakeProcess(
        7,
        ["python3"],
        [main, worker(8), worker(9)],
        [main, worker(8, 4)],
        [main, worker(8, 5)],
      ),
    ]);
    expect(await dumped(world, "-p 7 --repeat 3 --interval 0.5")).toBe(0);
    expect(world.pauses).toEqual([0.5, 0.5]);
    expect(world.output.slice(world.output.indexOf("\nAfter"))).toBe(`
After 0.5 s: 1 moved, 1 not moved, 1 gone

Thread 8 (idle): "w-8"
    Worker.work (worker.py:4)
    run (threading.py:1)

After 1 s: 1 moved, 1 not moved

Thread 8 (idle): "w-8"
    Worker.work (worker.py:5)
    run (threading.py:1)

In 3 looks:
  not moved: 7 "MainThread" (idle)
`);
  });

  test("tells a thread that runs on the same lines from one that does nothing", async () => {
    const spin = (seconds: number, column: number) =>
      thread(8, "spin", [frame(`spin /app/a.py:2:${column}`)], SampleState.active, seconds * 1e9);
    const poll = (seconds: number) => thread(9, "poll", [frame("poll /app/a.py:5")], 0, seconds * 1e9);
    const look = (at: number) => [main, spin(0.25 * at, at), poll(at)];
    const world = new FakeWorld([new FakeProcess(7, ["python3"], look(1), look(2), look(3))]);
    await dumped(world, "-p 7 --repeat 3 --interval 0.5");
    expect(world.output.slice(world.output.indexOf("\nAfter"))).toBe(`
After 0.5 s: 0 moved, 2 running with the same stack, 1 not moved
Same stack, running: 8 "spin" (active, 250 ms on a processor), 9 "poll" (idle, 1.00 s on a processor)

After 1 s: 0 moved, 2 running with the same stack, 1 not moved
Same stack, running: 8 "spin" (active, 250 ms on a processor), 9 "poll" (idle, 1.00 s on a processor)

In 3 looks:
  same stack, running: 8 "spin" (active, 500 ms on a processor), 9 "poll" (idle, 2.00 s on a processor)
  not moved: 7 "MainThread" (idle)
`);
    const json = new FakeWorld([new FakeProcess(7, ["python3"], look(1), look(2))]);
    await dumped(json, "-p 7 -j --repeat 2");
    expect(
      documentsIn(json.output).map((threads) =>
        threads.map(({ moved, ran, cpu_time_ns }) => [moved, ran, cpu_time_ns]),
      ),
    ).toEqual([
      [
        [null, null, 1e9],
        [null, null, 0.25e9],
        [null, null, 0],
      ],
      [
        [false, true, 2e9],
        [false, true, 0.5e9],
        [false, false, 0],
      ],
    ]);
  });

  test("who only wakes to ask whether it may go on has not run", async () => {
    const watch = (cpuTimes: readonly number[], milliseconds: number): (boolean | undefined)[] => {
      const clock = cpuTimes.map((_, index) => 1000 + index * milliseconds);
      const movement = new MovementWatch(() => clock.shift() ?? 0);
      return cpuTimes.map((cpuTime) => {
        const stack = thread(7, "", [frame("f /a.py:1")], SampleState.wantsGil, cpuTime);
        const unseen = { isSignalled: false, hasMoved: undefined, hasRun: undefined, cpuUsed: undefined };
        const [process] = movement.take([
          { ...withoutStacks(7, undefined, [], ""), threads: [{ ...stack, ...unseen }] },
        ]);
        return process?.threads[0]?.hasRun;
      });
    };
    expect(watch([0, 2e6, 4e6], 1000)).toEqual([undefined, false, false]);
    expect(watch([0, 2e6, 20e6], 100)).toEqual([undefined, true, true]);
    expect(watch([-1, -1, 5], 100)).toEqual([undefined, false, false]);
  });

  test("ends when there is nothing left to look at", async () => {
    const world = new FakeWorld([new FakeProcess(7, ["python3"], [main], [])]);
    expect(await dumped(world, "-p 7 --repeat 9")).toBe(0);
    expect(world.pauses).toEqual([1]);
    expect(world.said).toEqual(["Process 7 has exited or runs no Python any more"]);
  });
});

describe("as JSON", () => {
  test("with all that py-spy tells, the newest thread first", async () => {
    const threads = [main, thread(8, "", [frame("A.f /a.py:1", { arg: "1" })], holdsGil)];
    const world = new FakeWorld([new FakeProcess(7, ["python3", "a.py"], threads)]);
    expect(await dumped(world, "-p 7 -jl")).toBe(0);
    const document: unknown = JSON.parse(world.output);
    expect(isDump(document), JSON.stringify(isDump.errors)).toBe(true);
    expect(document).toMatchObject([
      {
        ...{ pid: 7, thread_id: 0x7f08, thread_name: null, os_thread_id: 8, active: true, owns_gil: true },
        frames: [
          {
            ...{
              name: "f",
              qualname: "A.f",
              filename: "/a.py",
              short_filename: "a.py",
              module: null,
              line: 1,
            },
            locals: [{ name: "arg", addr: 4096, arg: true, repr: "1" }],
          },
        ],
        process_info: { pid: 7, command_line: "python3 a.py", parent: null },
      },
      { os_thread_id: 7, thread_name: "MainThread", active: false, owns_gil: false, moved: null },
    ]);
  });

  test("the schema has every name that there is", async () => {
    const world = new FakeWorld([
      new FakeProcess(7, ["python3"], [thread(7, "", [frame("f /a.py:1", { a: "1" })])]),
    ]);
    await dumped(world, "-p 7 -jl");
    const schema = JSON.parse(readFileSync(schemaFile, "utf8"));
    const [found] = JSON.parse(world.output);
    const names = (value: object): string[] => Object.keys(value).sort();
    const known = (definition: string): string[] => names(schema.definitions[definition].properties);
    expect(names(found)).toEqual(known("thread"));
    expect(names(found.frames[0])).toEqual(known("frame"));
    expect(names(found.frames[0].locals[0])).toEqual(known("variable"));
    expect(names(found.process_info)).toEqual(known("process"));
  });

  test("one document for one look; with --repeat one for each, a line each", async () => {
    const processes = () => [new FakeProcess(7, ["python3"], [worker(7)])];
    const once = new FakeWorld(processes());
    await dumped(once, "-p 7 -j");
    expect(once.output).toMatch(/^\[\n {2}\{\n/);
    const again = new FakeWorld(processes());
    await dumped(again, "-p 7 -j --repeat 1");
    expect(again.output).toMatch(/^\[\{.*\}\]\n$/);
    expect(documentsIn(again.output)).toEqual([JSON.parse(once.output)]);
    const world = new FakeWorld([
      new FakeProcess(7, ["python3"], [worker(7)], [worker(7, 4)], [worker(7, 4)]),
    ]);
    await dumped(world, "-p 7 -j --repeat 3");
    const looks = documentsIn(world.output);
    expect(looks.map(([found]) => found?.["moved"])).toEqual([null, true, false]);
  });
});

test("of a core that has lost its notes all that is known is shown, and it is a failure", async () => {
  const world = new FakeWorld([]);
  const frames = [frame("f /app/a.py:2")];
  world.core = {
    ...{ path: "core", pid: 0, executable: undefined, commandLine: [], signal: undefined, lacksNotes: true },
    ...{ pythons: [{ version: "3.13.0", image: "[binary at 0x1000]" }], tasks: [], steps: [] },
    threads: [{ ...thread(0, "", frames, SampleState.active, -1), isSignalled: false }],
    warnings: ["odd"],
    problem: new SamplerError("incomplete-core", "lost"),
    openFile: () => undefined,
    close: () => {},
    [Symbol.dispose]: () => {},
  };
  expect(await dumped(world, "--core core")).toBe(1);
  expect(world.output).toBe(`Core core: not all of it is there
Process of unknown id
Python v3.13.0

Thread 0x7F00
    f (a.py:2)
`);
  expect(world.said).toEqual(["odd", "lost"]);
  world.output = "";
  await dumped(world, "--core core --json");
  expect(JSON.parse(world.output)).toMatchObject([
    { pid: 0, active: false, cpu_time_ns: null, os_thread_id: null, process_info: { stop_time_ns: 0 } },
  ]);
});

test("a core that cannot be read", async () => {
  await expect(dumped(new FakeWorld([]), "--core nowhere")).rejects.toThrow("there is no such file");
});

describe("tasks", () => {
  const tasks = [
    task("Task-10", "waiting", ["leaf /app/a.py:2"], { awaitedBy: [1] }),
    task("Task-1", "waiting", ["gather /app/a.py:9"]),
    task("Task-9", "waiting", ["leaf /app/a.py:2"], { awaitedBy: [1] }),
    task("odd", "ready", ["other /app/a.py:5"], { awaitedBy: [1, 5] }),
    task("", "running", [], { changed: true }),
    task("second", "waiting", ["main /app/a.py:7"]),
    task("left\x1b", "waiting", ["loop /app/a.py:6"], { thread: undefined }),
  ];

  test("are trees of who waits for whom, those alike are one, and each is shown once", async () => {
    const process = new FakeProcess(7, ["python3"], [main]);
    process.tasks = tasks;
    const world = new FakeWorld([process]);
    await dumped(world, "-p 7 --async");
    expect(
      world.output.slice(world.output.indexOf("\n\n6 tasks") + 2),
    ).toBe(`6 tasks of thread 7 "MainThread":
├─ 0x1004 (running, changed while it was read)
│      no Python is on its stack
├─ second (waiting)
│      main (a.py:7)
│  └─ odd (ready)
│         other (a.py:5)
└─ Task-1 (waiting)
       gather (a.py:9)
   ├─ odd (above)
   └─ 2 tasks (waiting) with the same stack:
        Task-9, Task-10
          leaf (a.py:2)

1 task that no thread runs:
└─ left\\x1b (waiting)
       loop (a.py:6)
`);
  });

  test("each by itself with --no-fold; none without --async, and a word if there are none", async () => {
    const process = new FakeProcess(7, ["python3"], [main]);
    process.tasks = tasks;
    const world = new FakeWorld([process]);
    await dumped(world, "-p 7 --async --no-fold");
    expect(world.output).toContain("   ├─ Task-9 (waiting)\n   │      leaf (a.py:2)\n   └─ Task-10");
    world.output = "";
    await dumped(world, "-p 7");
    expect(world.output).not.toContain("Task");
    process.tasks = [];
    await dumped(world, "-p 7 --async");
    expect(world.output).toMatch(/\n\nNo tasks of asyncio, and no greenlets\n$/);
  });

  test("that wait for one another in a circle are shown, too", async () => {
    const process = new FakeProcess(7, ["python3"], [main]);
    process.tasks = [
      task("a", "waiting", ["f /a.py:1"], { awaitedBy: [1] }),
      task("b", "waiting", ["g /a.py:2"], { awaitedBy: [0] }),
    ];
    const world = new FakeWorld([process]);
    await dumped(world, "-p 7 --async");
    expect(world.output).toContain(`2 tasks of thread 7 "MainThread":
└─ a (waiting)
       f (a.py:1)
   └─ b (waiting)
          g (a.py:2)
      └─ a (above)
`);
  });

  test("are in the JSON of the thread that runs them, and of the process if none does", async () => {
    const process = new FakeProcess(7, ["python3"], [main]);
    process.tasks = tasks;
    const world = new FakeWorld([process]);
    await dumped(world, "-p 7 --async --json");
    const document = JSON.parse(world.output);
    expect(isDump(document), JSON.stringify(isDump.errors)).toBe(true);
    expect(document[0].tasks).toHaveLength(6);
    expect(document[0].tasks[3]).toMatchObject({
      ...{ name: "odd", id: 0x1003, state: "ready", changed_while_read: false },
      awaited_by: [0x1001, 0x1005],
      frames: [{ name: "other", line: 5 }],
    });
    expect(document[0].tasks[4].name).toBeNull();
    expect(document[0].process_info.tasks).toHaveLength(1);
  });

  test("that have moved from one look to the next", async () => {
    const process = new FakeProcess(7, ["python3"], [main]);
    process.tasks = [task("still", "waiting", ["f /a.py:1"]), task("other", "waiting", ["g /a.py:2"])];
    process.nextTasks = [task("still", "waiting", ["f /a.py:1"]), task("other", "ready", ["g /a.py:2"])];
    const world = new FakeWorld([process]);
    await dumped(world, "-p 7 --async --repeat 2");
    expect(world.output.slice(world.output.indexOf("\nAfter"))).toBe(`
After 1 s: 0 moved, 1 not moved
Of the tasks 1 moved, 1 not: other

In 2 looks:
  not moved: 7 "MainThread" (idle)
  tasks not moved: still
`);
  });

  test("that have not moved are in the order of their numbers", async () => {
    const process = new FakeProcess(7, ["python3"], [main]);
    process.tasks = ["task199", "task9", "task36", "task7"].map((name) =>
      task(name, "waiting", ["f /a.py:1"]),
    );
    const world = new FakeWorld([process]);
    await dumped(world, "-p 7 --async --repeat 2");
    expect(world.output).toMatch(/ {2}tasks not moved: task7, task9, task36, task199\n$/);
  });

  test("are told apart from greenlets", async () => {
    const process = new FakeProcess(7, ["python3"], [main]);
    process.tasks = [
      task("Task-1", "waiting", ["f /a.py:1"]),
      task("main", "waiting", ["g /a.py:2"], { kind: "greenlet" }),
      task("", "new", [], { kind: "greenlet", awaitedBy: [1] }),
      task("", "new", [], { kind: "greenlet", awaitedBy: [1] }),
    ];
    const world = new FakeWorld([process]);
    await dumped(world, "-p 7 --async");
    expect(world.output).toContain(`1 task of thread 7 "MainThread":
└─ Task-1 (waiting)
       f (a.py:1)
`);
    expect(world.output).toContain(`3 greenlets of thread 7 "MainThread":
└─ main (waiting)
       g (a.py:2)
   └─ 2 greenlets (new):
        0x1002, 0x1003
`);
  });

  test("of several processes are told apart", async () => {
    const processes = [7, 8].map((pid) => {
      const process = new FakeProcess(pid, ["python3"], [thread(pid, "MainThread", [frame("f /a.py:1")])]);
      process.tasks = [task("t", "waiting", ["g /a.py:2"], { thread: pid })];
      return process;
    });
    const world = new FakeWorld(processes);
    await dumped(world, "-p 7 -p 8 --async");
    expect(world.output).toContain('1 task of thread 8 "MainThread" of process 8:\n');
  });
});
