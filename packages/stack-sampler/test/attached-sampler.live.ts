import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import {
  type AttachedSampler,
  attach,
  inspect,
  isSamplerError,
  type SamplerOptions,
} from "@pyspy/stack-sampler";
import { describe, expect, test, vi } from "vitest";
import type { Target } from "../../../tools/testing/target.js";
import { untilAtRest } from "./fixtures/at-rest.js";
import { attachTo, startTarget } from "./fixtures/live-programs.js";
import { Recording } from "./fixtures/recording.js";
import { anyPython, running, sampledPythons } from "./fixtures/sampled-pythons.js";

/** Waits in a function of its own for a byte or the end of its standard input, and then does something else. */
function waiting(then: string): string {
  return `
import os, sys

def wait():
    print()
    os.read(0, 1)

wait()
${then}
`;
}

async function waitingTarget(then = "sys.exit(3)"): Promise<Target> {
  const target = startTarget(running(anyPython(), waiting(then)));
  await target.line();
  await untilAtRest(target.pid);
  return target;
}

/** Ends it without anybody waiting for it before it is seen. */
const ends: readonly (readonly [string, (target: Target) => void])[] = [
  ["exits", (target) => target.release()],
  ["is killed", ({ pid }) => process.kill(pid, "SIGKILL")],
];

/** Waits until the process has executed a program of that name. */
async function runs(pid: number, program: string): Promise<void> {
  await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/comm`, "utf8").trim()).toBe(program), {
    timeout: 30_000,
  });
}

/** What of /proc is open here: what is held of processes. */
function descriptors(): readonly string[] {
  const files = readdirSync("/proc/self/fd").flatMap((file) => {
    try {
      return readlinkSync(`/proc/self/fd/${file}`);
    } catch {
      return []; // that of the directory
    }
  });
  return files
    .filter((path) => /^\/proc\/\d+\/./.test(path) && !path.startsWith(`/proc/${process.pid}/`))
    .toSorted();
}

async function codeOf(attaching: Promise<unknown>): Promise<string> {
  const error = await attaching.catch((reason: unknown) => reason);
  return isSamplerError(error) ? error.code : `no failure, or: ${error}`;
}

describe("single samples", () => {
  test.each(ends)("are no more when the process %s", async (_, end) => {
    const target = await waitingTarget();
    const sampler = await attachTo(target.pid, { idle: true });
    const recording = new Recording();
    for (let taken = 0; taken < 3; taken++) recording.add(sampler.sample());
    recording.expectHonest();
    expect(recording.good.map(({ stack }) => stack.join(";"))).toEqual(new Array(3).fill("<module>;wait"));
    end(target);
    await target.exited;
    expect(() => sampler.sample()).toThrow(
      expect.objectContaining({
        code: "exited",
        pid: target.pid,
        message: `Cannot sample process ${target.pid}: it has exited`,
      }),
    );
  });

  test("are of chosen threads only", async () => {
    const program = `
import os, threading

def other():
    threading.Event().wait()

def main():
    print()
    os.read(0, 1)

for name in ("one", "two"):
    thread = threading.Thread(target=other, name=name)
    thread.daemon = True
    thread.start()
main()
`;
    const target = startTarget(running(anyPython(), program));
    await target.line();
    await untilAtRest(target.pid);
    const namesOf = async (options: SamplerOptions) => {
      const sampler = await attachTo(target.pid, { idle: true, ...options });
      const recording = new Recording();
      // A pattern that goes on from its last match would miss every second time.
      for (let taken = 0; taken < 3; taken++) recording.add(sampler.sample());
      return new Set(recording.good.map(({ thread }) => thread.name));
    };
    expect(await namesOf({})).toEqual(new Set(["MainThread", "one", "two"]));
    expect(await namesOf({ mainThread: true })).toEqual(new Set(["MainThread"]));
    expect(await namesOf({ excludeThreads: /one|Main/g })).toEqual(new Set(["two"]));
    // Nobody does while all of them wait.
    expect(await namesOf({ gilHolder: true })).toEqual(new Set());
  });

  test.each<[string, (sampler: AttachedSampler, controller: AbortController) => unknown]>([
    ["it was stopped", (sampler) => sampler.stop()],
    ["it was disposed of", (sampler) => sampler[Symbol.asyncDispose]()],
    ["its signal was aborted", (_, controller) => controller.abort()],
  ])("are no more when %s", async (_, end) => {
    const { pid } = await waitingTarget();
    const controller = new AbortController();
    const sampler = await attachTo(pid, { signal: controller.signal });
    sampler.sample();
    await end(sampler, controller);
    expect(() => sampler.sample()).toThrow(
      expect.objectContaining({
        code: "closed",
        message: `Cannot sample process ${pid}: sampling was ended`,
      }),
    );
  });

  test("tell the code of a zombie", async () => {
    const program =
      "import os, signal; pid = os.fork(); pid or (os.read(0, 1), os._exit(3)); print(pid); signal.pause()";
    const target = startTarget(running(anyPython(), program));
    const pid = Number(await target.line());
    const sampler = await attachTo(pid);
    target.write("x");
    await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, "utf8")).toMatch(/\) Z /), {
      timeout: 30_000,
    });
    expect(() => sampler.sample()).toThrow(`Cannot sample process ${pid}: it has exited with code 3`);
  });

  test.each([
    ["something else", ["sleep", "600"], "sleep"],
    ["another Python", running(sampledPythons[0] ?? anyPython(), waiting("")), "python"],
  ])("are no more when it executes %s", async (_, command, name) => {
    const target = await waitingTarget(
      `os.execvp(${JSON.stringify(command[0])}, ${JSON.stringify(command)})`,
    );
    const sampler = await attachTo(target.pid);
    sampler.sample();
    target.write("x");
    if (name === "python") await target.line();
    else await runs(target.pid, name);
    expect(() => sampler.sample()).toThrow(
      expect.objectContaining({
        code: "exited",
        message: `Cannot sample process ${target.pid}: the Python that was attached to is not in it any more`,
      }),
    );
  });
});

describe("what happens before it is iterated over", () => {
  test.each(ends)("the process %s", async (_, end) => {
    const target = await waitingTarget();
    const sampler = await attachTo(target.pid);
    end(target);
    await target.exited;
    const recording = await Recording.whole(sampler);
    expect(recording.samples).toEqual([]);
    expect(await sampler.end).toMatchObject({
      reason: "exited",
      python: await sampler.python,
      problem: undefined,
    });
  });

  test("the process executes something that is no Python", async () => {
    const target = await waitingTarget('os.execvp("sleep", ["sleep", "600"])');
    const sampler = await attachTo(target.pid);
    target.release();
    await runs(target.pid, "sleep");
    await Recording.whole(sampler);
    expect(await sampler.end).toMatchObject({
      reason: "failed",
      python: undefined,
      problem: { code: "not-python", pid: target.pid },
    });
  });

  test("the process executes another Python", async () => {
    const first = sampledPythons[0] ?? anyPython();
    const command = running(first, waiting(""));
    const target = await waitingTarget(
      `os.execvp(${JSON.stringify(command[0])}, ${JSON.stringify(command)})`,
    );
    const sampler = await attachTo(target.pid, { idle: true });
    target.write("x");
    await target.line();
    await Recording.until(sampler, ({ names }) => names.has("wait"));
    const { major, minor, micro } = first.version;
    expect((await sampler.end).python?.version).toBe(`${major}.${minor}.${micro}`);
  });

  test("its signal is aborted", async () => {
    const target = await waitingTarget();
    const controller = new AbortController();
    const sampler = await attachTo(target.pid, { signal: controller.signal });
    controller.abort();
    expect((await Recording.whole(sampler)).samples).toEqual([]);
    expect(await sampler.end).toMatchObject({
      reason: "stopped",
      python: await sampler.python,
      problem: undefined,
    });
  });
});

test("a process that was let go is not looked into any more", async () => {
  const { pid } = await waitingTarget();
  const inspection = await inspect(pid);
  expect((await inspection.look()).threads).toHaveLength(1);
  inspection.close();
  const closed = expect.objectContaining({
    code: "closed",
    message: `Cannot look into process ${pid}: it was let go`,
  });
  await expect(inspection.look()).rejects.toThrow(closed);
  expect(() => inspection.openFile("/etc/passwd")).toThrow(closed);
});

test("nothing is held of a process that could not be attached to, or is let go unsampled", async () => {
  const before = descriptors();
  const [python, sleep] = [await waitingTarget(), startTarget(["sleep", "600"])];
  await runs(sleep.pid, "sleep");
  for (let round = 0; round < 3; round++) {
    expect(await codeOf(attach(sleep.pid))).toBe("not-python");
    expect(await codeOf(attach(2 ** 30))).toBe("no-such-process");
    const sampler = await attach(python.pid, { idle: true });
    sampler.sample();
    await sampler[Symbol.asyncDispose]();
    await sampler[Symbol.asyncDispose]();
    expect(await sampler.end).toMatchObject({ reason: "stopped", seconds: 0, statistics: undefined });
  }
  expect(descriptors()).toEqual(before);
});
