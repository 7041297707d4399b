import { readFileSync } from "node:fs";
import { isProcessAlive } from "@pyspy/proc-memory";
import { launch } from "@pyspy/stack-sampler";
import { describe, expect, test } from "vitest";
import { launchProgram } from "./fixtures/live-programs.js";
import { Recording } from "./fixtures/recording.js";
import { anyPython, running, sampledPythons } from "./fixtures/sampled-pythons.js";

const BUSY = `
def work():
    while True:
        pass

work()
`;

const neverSignalled = { signal: undefined, signalNumber: undefined };

describe.each(sampledPythons)("CPython $name", (python) => {
  test("is sampled from its start, and goes on after that", async () => {
    const sampler = await launchProgram(running(python, BUSY), { rate: 500 });
    await Recording.until(sampler, ({ names }) => names.has("work"));
    expect((await sampler.end).reason).toBe("stopped");
    expect(isProcessAlive(sampler.pid)).toBe(true);
    sampler.kill("SIGTERM");
    expect(await sampler.exit).toEqual({ code: undefined, signal: "SIGTERM", signalNumber: 15 });
  });

  test("ends with its own code", async () => {
    const sampler = await launchProgram(running(python, "raise SystemExit(7)"));
    await Recording.whole(sampler);
    expect([(await sampler.end).reason, await sampler.exit]).toEqual([
      "exited",
      { code: 7, ...neverSignalled },
    ]);
  });
});

test("kill() reaches the program while it is sampled", async () => {
  const sampler = await launchProgram(running(anyPython(), BUSY), { rate: 500 });
  const batches = sampler[Symbol.asyncIterator]();
  await sampler.python;
  sampler.kill("SIGTERM");
  while (!(await batches.next()).done);
  expect((await sampler.end).reason).toBe("exited");
  expect(await sampler.exit).toMatchObject({ signal: "SIGTERM" });
});

test("kill() reaches a program that is sampled faster than it can be", async () => {
  const sampler = await launchProgram(running(anyPython(), BUSY), { rate: 1e6 });
  await sampler.python;
  sampler.kill("SIGKILL");
  await Recording.whole(sampler);
  expect(await sampler.exit).toMatchObject({ signal: "SIGKILL" });
});

test("the environment and the working directory are those that were given", async () => {
  const program = `
import os
raise SystemExit(int(os.environ["CODE"]) if os.getcwd() == "/" else 1)
`;
  const environment = { PATH: process.env["PATH"], CODE: "42", LEFT_OUT: undefined };
  const options = { environment, workingDirectory: "/" };
  const sampler = await launchProgram(running(anyPython(), program), options);
  expect((await sampler.exit).code).toBe(42);
});

test("a program is woken with the timer slack that it would have had without us", async () => {
  const program = `
import os
with open("/proc/self/timerslack_ns") as file:
    raise SystemExit(0 if file.read().strip() == os.environ["SLACK"] else 1)
`;
  const slack = readFileSync(`/proc/${process.pid}/timerslack_ns`, "latin1").trim();
  const environment = { ...process.env, SLACK: slack };
  const sampler = await launchProgram(running(anyPython(), program), { environment });
  expect((await sampler.exit).code).toBe(0);
});

test("programs that end as soon as they have started neither hang nor reject", async () => {
  for (let round = 0; round < 50; round++) {
    const sampler = await launchProgram(running(anyPython(), "pass"));
    await Recording.whole(sampler);
    expect([(await sampler.end).reason, (await sampler.exit).code]).toEqual(["exited", 0]);
  }
});

test("a program that ends before there is a Python in it is no Python, whatever it was", async () => {
  for (let round = 0; round < 20; round++) {
    const sampler = await launchProgram(["sh", "-c", "exit 3"]);
    await Recording.whole(sampler);
    expect(await sampler.python).toBeUndefined();
    const { reason, seconds, problem } = await sampler.end;
    expect([reason, seconds]).toEqual(["exited", 0]);
    expect(problem?.code).toMatch(/^(not-python|exited)$/);
    expect(await sampler.exit).toEqual({ code: 3, ...neverSignalled });
  }
});

test.each([
  [["no-such-program", "x"], "program-not-found", "Cannot start no-such-program: it is not in PATH"],
  [["/etc/passwd"], "program-not-executable", /^Cannot start \/etc\/passwd: /],
  [[], "program-not-found", 'Cannot start "": it is not in PATH'],
])("%j cannot be started: %s", async (program, code, message) => {
  const failure = launch(program);
  await expect(failure).rejects.toThrow(message);
  await expect(failure).rejects.toMatchObject({ name: "SamplerError", code, program: program[0] ?? "" });
});

test("a folder that does not exist is no place to start in", async () => {
  await expect(launch(["true"], { workingDirectory: "/no/such/folder" })).rejects.toMatchObject({
    code: "spawn-failed",
  });
});
