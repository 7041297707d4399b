import { describe, expect, test } from "vitest";
import { attachTo, launchProgram, startTarget } from "./fixtures/live-programs.js";
import { Recording } from "./fixtures/recording.js";
import { anyPython, running, sampledPythons } from "./fixtures/sampled-pythons.js";

const SECOND = `
def second():
    while True:
        pass

second()
`;

/** Works until its standard input ends, and then is another program. */
function firstThen(command: readonly string[]): string {
  return `
import os, select

def first():
    while not select.select([0], [], [], 0)[0]:
        pass

print()
first()
os.execvp(${JSON.stringify(command[0])}, ${JSON.stringify(command)})
`;
}

describe.each(sampledPythons)("a program of CPython $name", (python) => {
  const next = sampledPythons[(sampledPythons.indexOf(python) + 1) % sampledPythons.length] ?? python;

  test.each([
    ["the same Python", python],
    [`CPython ${next.name}`, next],
  ])("that executes %s is sampled on", async (_, other) => {
    const target = startTarget(running(python, firstThen(running(other, SECOND))));
    await target.line();
    const sampler = await attachTo(target.pid, { rate: 500 });
    let released = false;
    const recording = await Recording.until(sampler, ({ names }) => {
      if (names.has("first") && !released) {
        released = true;
        target.release();
      }
      return names.has("second");
    });
    expect(recording.good.some(({ stack }) => stack.join(";") === "<module>;second")).toBe(true);
    const { major, minor, micro } = other.version;
    expect((await sampler.end).python?.version).toBe(`${major}.${minor}.${micro}`);
  });

  test("that a shell executes after a while is waited for", async () => {
    const words = ["sh", "-c", 'sleep 0.2; exec "$@"', "sh", ...running(python, SECOND)];
    const sampler = await launchProgram(words, { rate: 500 });
    await Recording.until(sampler, ({ names }) => names.has("second"));
    sampler.kill("SIGKILL");
    expect((await sampler.exit).signal).toBe("SIGKILL");
  });
});

test("a program that executes another Python between two samples is sampled on as that", async () => {
  const [first, other] = [sampledPythons[0] ?? anyPython(), anyPython()];
  const target = startTarget(running(first, firstThen(running(other, SECOND))));
  await target.line();
  const sampler = await attachTo(target.pid, { rate: 0.5 });
  let isFirst = true;
  await Recording.until(sampler, ({ names }) => {
    // Looks for more Pythons are more frequent than samples.
    if (isFirst) target.release();
    isFirst = false;
    return names.has("second");
  });
  const { major, minor, micro } = other.version;
  expect((await sampler.end).python?.version).toBe(`${major}.${minor}.${micro}`);
});

test("a program that executes something that is no Python is the end, with a reason", async () => {
  const target = startTarget(running(anyPython(), firstThen(["sleep", "600"])));
  await target.line();
  const sampler = await attachTo(target.pid, { rate: 500 });
  target.release();
  await Recording.whole(sampler);
  expect(await sampler.end).toMatchObject({
    reason: "failed",
    problem: { code: "not-python", pid: target.pid },
    others: [],
  });
});
