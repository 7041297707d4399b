import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { pythonWithPackages } from "../../../tools/testing/python-packages.js";
import { findPythons } from "../../../tools/testing/pythons.js";
import { Target } from "../../../tools/testing/target.js";
import { Workplace } from "./pyspy-process.js";

const workplace = new Workplace();
const schemaFile = new URL("../schema/dump.schema.json", import.meta.url);
const isDump = new Ajv().compile(JSON.parse(readFileSync(schemaFile, "utf8")));
// Given as an argument: an interpreter in a root of its own does not see these files.
const standing = readFileSync(new URL("targets/standing_tasks.py", import.meta.url), "utf8");

const pythons = findPythons().filter(({ version }) => version.major === 3 && version.minor >= 7);

interface DumpedTask {
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

async function expectTasksAsTold(command: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  await using target = Target.start(command, { env: { ...process.env, ...environment } });
  const told: Told = JSON.parse(await target.line());
  const threads = await dumped("-p", String(target.pid));
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
  await expectTasksAsTold([...python.command, "-c", standing, "uvloop"], { PYTHONPATH: folder });
});
