import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { diagnose } from "@pyspy/stack-sampler";
import { describe, expect, test } from "vitest";
import { attachTo, startTarget } from "../fixtures/live-programs.js";
import { Recording } from "../fixtures/recording.js";
import { expectSampled, WORK } from "./fixtures/sampled-from.js";
import { hostSettingOf, libraries, libraryOf, pythons, seriesOf } from "./fixtures/situation-pythons.js";
import { Workshop } from "./fixtures/workshop.js";

const workshop = new Workshop();

describe.each(libraries)("a program that is linked with CPython $name", (python) => {
  const { compilerWords, environment: env } = hostSettingOf(python);
  const library = libraryOf(workshop, python);
  const words = [library, `-Wl,-rpath,${dirname(library)}`, ...compilerWords];
  const host = workshop.compile("linked-host.c", words);

  test("is waited for until it starts it", async () => {
    const target = startTarget([host, WORK, "wait"], { env });
    expect(await target.line()).toBe("waiting");
    const attaching = attachTo(target.pid, { startTimeout: 60, rate: 500 });
    target.release();
    const recording = await Recording.until(await attaching, ({ names }) => names.has("work"));
    expect(recording.good.some(({ stack }) => stack.join(";") === "<module>;work")).toBe(true);
  });

  test("is not waited for longer than was said", async () => {
    const target = startTarget([host, WORK, "wait"], { env });
    expect(await target.line()).toBe("waiting");
    await expect(attachTo(target.pid, { startTimeout: 0.2 })).rejects.toMatchObject({
      code: "not-started",
      pid: target.pid,
      message: expect.stringMatching(
        new RegExp(
          `^Cannot sample process ${target.pid} \\(${host}\\): its Python has not started after [1-9]?[0-9]*\\.?[1-9]? s$`,
        ),
      ),
    });
    const { problem } = await diagnose(target.pid);
    expect(problem).toMatchObject({
      code: "not-started",
      message: `Cannot sample process ${target.pid} (${host}): its Python has not started yet`,
    });
  });

  test("is not waited for longer than it is to be sampled", async () => {
    const target = startTarget([host, WORK, "wait"], { env });
    expect(await target.line()).toBe("waiting");
    await expect(attachTo(target.pid, { duration: 0.2, startTimeout: 600 })).rejects.toMatchObject({
      code: "not-started",
      message: expect.stringContaining("its Python has not started after "),
    });
  });

  test("is not waited for when the signal says so", async () => {
    const target = startTarget([host, WORK, "wait"], { env });
    expect(await target.line()).toBe("waiting");
    const signal = AbortSignal.timeout(100);
    await expect(attachTo(target.pid, { startTimeout: 600, signal })).rejects.toMatchObject({
      code: "not-started",
      message: `Cannot sample process ${target.pid}: sampling was to end before a Python was found in it`,
    });
  });

  test("and has finalized it has none any more", async () => {
    const target = startTarget([host, "pass"], { env });
    expect(await target.line()).toBe("finalized");
    const expected = {
      code: "finalized",
      pid: target.pid,
      message: `Cannot sample process ${target.pid} (${host}): its Python has been finalized`,
    };
    await expect(attachTo(target.pid, { startTimeout: 600 })).rejects.toMatchObject(expected);
    const { problem, steps } = await diagnose(target.pid);
    expect(problem).toMatchObject(expected);
    expect(steps.filter(({ outcome }) => outcome !== "nothing")).toMatchObject([{ outcome: "finalized" }]);
  });

  test("is let go when it has finalized it, and ends with its own code", async () => {
    const program = `
import os, signal
stop = []
signal.signal(signal.SIGUSR1, lambda *_: stop.append(True))

def work():
    while not stop:
        pass

os.write(1, b"ready\\n")
work()
`;
    const target = startTarget([host, program], { env });
    expect(await target.line()).toBe("ready");
    const sampler = await attachTo(target.pid, { rate: 500 });
    process.kill(target.pid, "SIGUSR1");
    expect(await target.line()).toBe("finalized");
    target.release();
    const recording = await Recording.whole(sampler);
    expect(await sampler.end).toMatchObject({ reason: "exited", problem: undefined });
    expect(await target.exited).toBe(7);
    for (const { stack } of recording.good) expect(stack[0]).toBe("<module>");
  });
});

describe.each(pythons)("CPython $name", (python) => {
  test("is sampled while it still starts, and waits for a module of its site", async () => {
    const folder = workshop.newFolder();
    const module = `
import os

def begin():
    os.write(1, b"starting\\n")
    os.read(0, 1)

begin()
`;
    writeFileSync(join(folder, "sitecustomize.py"), module);
    const target = startTarget([...python.command, "-c", WORK], {
      env: { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" },
    });
    expect(await target.line()).toBe("starting");
    const sampler = await attachTo(target.pid, { rate: 500, idle: true });
    const recording = await Recording.until(sampler, ({ good }) => good.length >= 5);
    for (const { stack } of recording.good) expect(stack.slice(-2)).toEqual(["<module>", "begin"]);
    target.release();
    expect(await target.line()).toBe("ready");
    await expectSampled(target.pid);
  });

  test("that ends is sampled to the last function it calls, and let go with its code", async () => {
    const program = `
import atexit, os, sys

def leave():
    os.write(1, b"leaving\\n")
    os.read(0, 1)

atexit.register(leave)
sys.exit(7)
`;
    const target = startTarget([...python.command, "-c", program]);
    expect(await target.line()).toBe("leaving");
    const sampler = await attachTo(target.pid, { rate: 500, idle: true });
    const recording = new Recording();
    for await (const batch of sampler) {
      recording.add(batch);
      if (recording.good.length >= 5) target.release();
    }
    expect(recording.good[0]?.stack).toEqual(["leave"]);
    expect(await sampler.end).toMatchObject({ reason: "exited", problem: undefined });
    expect(await target.exited).toBe(7);
  });

  const next = pythons[(pythons.indexOf(python) + 1) % pythons.length] ?? python;
  const executing = (command: readonly string[]) => `
import os, select

def first():
    while not select.select([0], [], [], 0)[0]:
        pass

os.write(1, b"ready\\n")
first()
os.execvp(${JSON.stringify(command[0])}, ${JSON.stringify(command)})
`;

  test(`that executes CPython ${next.name} is sampled on`, async () => {
    const target = startTarget([...python.command, "-c", executing([...next.command, "-c", WORK])]);
    expect(await target.line()).toBe("ready");
    const sampler = await attachTo(target.pid, { rate: 500 });
    const recording = await Recording.until(sampler, ({ names }) => {
      if (names.has("first")) target.release();
      return names.has("work");
    });
    expect(recording.good.some(({ stack }) => stack.join(";") === "<module>;work")).toBe(true);
    expect((await sampler.end).python?.version).toMatch(seriesOf(next));
  });

  test("that executes something that is no Python is the end, with a reason", async () => {
    const target = startTarget([...python.command, "-c", executing(["sleep", "600"])]);
    expect(await target.line()).toBe("ready");
    const sampler = await attachTo(target.pid, { rate: 500 });
    target.release();
    await Recording.whole(sampler);
    expect(await sampler.end).toMatchObject({ reason: "failed", problem: { code: "not-python" } });
  });
});
