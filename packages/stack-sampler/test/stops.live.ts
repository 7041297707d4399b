import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { attachTo, startTarget } from "./fixtures/live-programs.js";
import { Recording } from "./fixtures/recording.js";
import { pythonOf } from "./situations/fixtures/situation-pythons.js";

/** Ends with its parent, and tells its id. */
const PRELUDE = `
import ctypes, os, sys, threading
ctypes.CDLL(None).prctl(1, 9)
sys.stdout.write("%d\\n" % os.getpid())
`;

/** Starts a program that may be stopped: not as a child of ours, whose stops libuv would take for its end. */
async function begin(
  series: string,
  program: string,
): Promise<{ readonly pid: number; readonly line: string }> {
  const command = [...pythonOf(series).command, "-c", PRELUDE + program];
  const shell = startTarget(["sh", "-c", '"$@" & wait', "sh", ...command]);
  return { pid: Number(await shell.line()), line: await shell.line() };
}

/** Runs with so deep a stack that reading it for the first time takes hundreds of times as long as a usual sample. */
const DEEP = `
sys.setrecursionlimit(100000)
def descend(left):
    if left == 0:
        sys.stdout.write("go\\n")
        sys.stdout.flush()
        while True: pass
    descend(left - 1)
descend(20000)
`;

const FIRST_READINGS = 9;

test.each(["3.12", "3.13"])("nobody stands still for what a first reading takes, of %s", async (series) => {
  const target = await begin(series, DEEP);
  const shares: number[] = [];
  // Now and then the machine does something else while a thread stands still, but not in most of so many first readings.
  while (shares.length < FIRST_READINGS) {
    const sampler = await attachTo(target.pid, { blocking: true, rate: 100 });
    await Recording.until(sampler, ({ counters }) => counters.taken >= 5);
    const { statistics } = await sampler.end;
    // The first sample is what took longest: that is when the stack was learnt.
    const longest = (statistics?.stops?.longest ?? 0) / (statistics?.duration.max ?? 0);
    // On a busy machine a thread can be late every time.
    if (longest > 0) shares.push(longest);
  }
  const median = shares.toSorted((left, right) => left - right)[Math.floor(FIRST_READINGS / 2)];
  expect(median, shares.join(" ")).toBeLessThan(1 / 3);
});

/** Two threads, one of which works all the time and tells its id. */
const WORKING = `
def work():
    sys.stdout.write("%d\\n" % threading.get_native_id())
    sys.stdout.flush()
    while True: pass
threading.Thread(target=work).start()
threading.Lock().acquire() and threading.Event().wait()
`;

/** Has strace hold one thread, or all of the process, until the test ends. */
async function traced(tid: number, ...options: readonly string[]): Promise<number> {
  const tracer = startTarget(["strace", ...options, "-o", "/dev/null", "-p", String(tid)]);
  await vi.waitFor(
    () => {
      expect(readFileSync(`/proc/${tid}/status`, "utf8")).toContain(`TracerPid:\t${tracer.pid}\n`);
    },
    { timeout: 30_000 },
  );
  return tracer.pid;
}

test("a thread that somebody else traces is sampled as it runs, and counted", async () => {
  const target = await begin("3.12", WORKING);
  await traced(Number(target.line));
  const sampler = await attachTo(target.pid, { blocking: true, duration: 1 });
  const { statistics } = await sampler.end;
  expect(statistics?.unstopped.refused).toBeGreaterThan(0);
});

test("why a process cannot be stopped is told", async () => {
  const target = await begin("3.12", WORKING);
  const tracer = await traced(target.pid, "-f");
  const sampler = await attachTo(target.pid, { blocking: true, duration: 1 });
  const { problem } = await sampler.end;
  expect(problem).toMatchObject({
    code: "permission-denied",
    message: `Cannot stop process ${target.pid}: process ${tracer} (strace) traces it`,
    denial: { action: "stop", reason: { code: "traced", tracer } },
  });
});
