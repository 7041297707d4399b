import { describe, expect, test } from "vitest";
import { pythonWithPackages } from "../../../tools/testing/python-packages.js";
import { findPythons } from "../../../tools/testing/pythons.js";
import { attach } from "../src/index.js";
import { attachTo, startTarget } from "./fixtures/live-programs.js";
import { Recording } from "./fixtures/recording.js";
import { running } from "./fixtures/sampled-pythons.js";

/** A task that works for a while and then lets others run, one that waits for it, and tasks that wait for time. */
const TASKS = `
import asyncio, sys
async def crunch(numbers):
    return sum(number * number for number in range(numbers))
async def work():
    while True:
        await crunch(20000)
        await asyncio.sleep(0)
async def wait_for(task):
    await task
async def doze():
    await asyncio.sleep(1000)
async def main():
    loop = asyncio.get_event_loop()
    dozing = [loop.create_task(doze()) for _ in range(3)]
    working = loop.create_task(work())
    waiting = loop.create_task(wait_for(working))
    if hasattr(waiting, "set_name"):
        waiting.set_name("the one that waits")
    await asyncio.sleep(0)
    sys.stdout.write("begun\\n")
    sys.stdout.flush()
    await waiting
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
`;

const pythons = findPythons().filter(({ version }) => version.major === 3 && version.minor >= 7);

function label(name: string, hasNames: boolean): string {
  return hasNames ? `<task ${name}>` : "<task>";
}

describe.each(pythons)("CPython $name", (python) => {
  const hasNames = python.version.minor >= 8;
  const stack = ["<task>", "main", label("the one that waits", hasNames), "wait_for", "<task>", "work"];

  test("a thread that runs a task is shown with the stack of the task and of those that wait for it", async () => {
    const target = startTarget(running(python, TASKS));
    await target.line();
    const sampler = await attachTo(target.pid, { rate: 500, tasks: true });
    const recording = await Recording.until(sampler, ({ samples }) => samples.length >= 300);
    const working = recording.good.filter((sample) => sample.stack.includes("work"));
    expect(working.length / recording.good.length).toBeGreaterThan(0.5);
    for (const sample of working) expect(sample.stack.slice(0, stack.length)).toEqual(stack);
    expect(working.some((sample) => sample.stack[stack.length] === "crunch")).toBe(true);
    expect(recording.samples.every(({ thread }) => thread.tid === target.pid)).toBe(true);
  });

  test("tasks that wait are samples too if idle threads are", async () => {
    const target = startTarget(running(python, TASKS));
    await target.line();
    await using sampler = await attach(target.pid, { tasks: true, idle: true });
    const recording = new Recording();
    for (let sample = 0; sample < 20; sample++) recording.add(sampler.sample());
    const stacks = recording.samples.map((sample) => sample.stack.join(";"));
    expect(stacks.filter((one) => one === "<task>;doze;sleep")).toHaveLength(60);
    expect(stacks.filter((one) => one === stack.slice(0, 4).join(";")).length).toBeGreaterThan(0);
  });
});

test("a thread that runs a greenlet is shown with the greenlet's stack under its parent's", async () => {
  const { python, folder } = pythonWithPackages(11, ["uvloop", "greenlet"]);
  const program = `
import sys
sys.path.insert(0, ${JSON.stringify(folder)})
import greenlet
def inner():
    sys.stdout.write("begun\\n")
    sys.stdout.flush()
    while True:
        pass
def main():
    greenlet.greenlet(inner).switch()
main()
`;
  const target = startTarget(running(python, program));
  await target.line();
  const sampler = await attachTo(target.pid, { rate: 200, tasks: true });
  const recording = await Recording.until(sampler, ({ samples }) => samples.length >= 50);
  const stacks = new Set(recording.good.map((sample) => sample.stack.join(";")));
  expect([...stacks]).toEqual(["<greenlet main>;<module>;main;<greenlet>;inner"]);
});
