import { readFileSync } from "node:fs";
import type { Sampler } from "@pyspy/stack-sampler";
import { describe, expect, test, vi } from "vitest";
import type { Target } from "../../../tools/testing/target.js";
import { attachTo, startTarget } from "./fixtures/live-programs.js";
import { Recording } from "./fixtures/recording.js";
import { anyPython, running, sampledPythons } from "./fixtures/sampled-pythons.js";

/** Works without end once it has said so. */
const BUSY = `
def work():
    while True:
        pass

print("ready")
work()
`;

async function busyTarget(python = anyPython()): Promise<Target> {
  const target = startTarget(running(python, BUSY));
  await target.line();
  return target;
}

/** The kernel's letter for what a process does. */
function stateOf(pid: number): string {
  return / ([A-Za-z]) /.exec(readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\)/s, ""))?.[1] ?? "";
}

function sees(name: string): (recording: Recording) => boolean {
  return ({ names }) => names.has(name);
}

describe.each(sampledPythons)("CPython $name", (python) => {
  test("is described, and sampled until stop() is called, and runs on", async () => {
    const target = await busyTarget(python);
    const sampler = await attachTo(target.pid, { rate: 500 });
    const { major, minor, micro } = python.version;
    expect(sampler.pid).toBe(target.pid);
    expect(await sampler.python).toMatchObject({ version: `${major}.${minor}.${micro}` });
    const recording = await Recording.until(sampler, ({ samples }) => samples.length >= 50);
    expect(recording.good.every(({ stack }) => stack.join(";").startsWith("<module>"))).toBe(true);
    expect(recording.good.some(({ stack }) => stack.join(";") === "<module>;work")).toBe(true);
    const end = await sampler.end;
    expect(end).toMatchObject({ reason: "stopped", problem: undefined, python: await sampler.python });
    expect(end.seconds).toBeGreaterThan(0);
    expect(stateOf(target.pid)).toBe("R");
  });

  test("is waited for while it starts", async () => {
    for (let round = 0; round < 3; round++) {
      const target = startTarget(running(python, BUSY));
      const sampler = await attachTo(target.pid, { startTimeout: 60 });
      await Recording.until(sampler, sees("work"));
    }
  });

  test("is never stopped while it is sampled at 1 kHz", async () => {
    const target = await busyTarget(python);
    const sampler = await attachTo(target.pid, { rate: 1000 });
    const states = new Set<string>();
    const watch = setInterval(() => states.add(stateOf(target.pid)), 1);
    await Recording.until(sampler, ({ samples }) => samples.length >= 300 && states.size > 0);
    clearInterval(watch);
    expect(states).toEqual(new Set(["R"]));
  });
});

test("sampling ends when the time is over, and the program goes on", async () => {
  const target = await busyTarget();
  const sampler = await attachTo(target.pid, { duration: 0.3 });
  await Recording.whole(sampler);
  const { reason, seconds, problem } = await sampler.end;
  expect([reason, problem]).toEqual(["duration", undefined]);
  expect(seconds).toBeGreaterThanOrEqual(0.3);
  expect(stateOf(target.pid)).toBe("R");
});

test("a program that is stopped stays so, and the time is over all the same", async () => {
  const target = await busyTarget();
  process.kill(target.pid, "SIGSTOP");
  await vi.waitFor(() => expect(stateOf(target.pid)).toBe("T"), { timeout: 30_000 });
  const sampler = await attachTo(target.pid, { duration: 0.3, idle: true });
  const recording = await Recording.whole(sampler);
  expect((await sampler.end).reason).toBe("duration");
  expect(recording.samples.length).toBeGreaterThan(0);
  expect(recording.samples.filter(({ active, torn }) => active || torn)).toEqual([]);
  expect(stateOf(target.pid)).toBe("T");
});

test.each<[string, (sampler: Sampler, controller: AbortController) => unknown]>([
  ["stop()", (sampler) => sampler.stop()],
  ["its AbortSignal", (_, controller) => controller.abort()],
  ["disposing of it", (sampler) => sampler[Symbol.asyncDispose]()],
])("%s ends the sampling and leaves the program running", async (_, finish) => {
  const target = await busyTarget();
  const controller = new AbortController();
  const sampler = await attachTo(target.pid, { signal: controller.signal });
  await finish(sampler, controller);
  await Recording.whole(sampler);
  expect((await sampler.end).reason).toBe("stopped");
  expect(stateOf(target.pid)).toBe("R");
  await sampler[Symbol.asyncDispose]();
});

test("a signal that was given before is an end at once", async () => {
  const target = await busyTarget();
  const sampler = await attachTo(target.pid, { signal: AbortSignal.abort() });
  expect((await sampler.end).reason).toBe("stopped");
});

test("batches arrive while it is sampled faster than it can be", async () => {
  const target = await busyTarget();
  const sampler = await attachTo(target.pid, { rate: 1e6, idle: true });
  let batches = 0;
  const recording = await Recording.until(sampler, () => ++batches === 3);
  expect(recording.counters.missed).toBeGreaterThan(0);
});

test("a program that ends is the end of the sampling", async () => {
  const target = startTarget(running(anyPython(), "import os; print(); os.read(0, 1)"));
  await target.line();
  const sampler = await attachTo(target.pid);
  target.release();
  await Recording.whole(sampler);
  expect(await sampler.end).toMatchObject({ reason: "exited", problem: undefined });
  expect(await target.exited).toBe(0);
});
