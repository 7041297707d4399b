import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { attachTo, startTarget } from "./fixtures/live-programs.js";
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

test.each(["3.12", "3.13"])("nobody stands still for what a first reading takes, of %s", async (series) => {
  const target = await begin(series, DEEP);
  const sampler = await attachTo(target.pid, { blocking: true, rate: 20, duration: 4 });
  const { reason, statistics } = await sampler.end;
  expect(reason).toBe("duration");
  // On a busy machine a thread can be late every time.
  expect((statistics?.stops?.count ?? 0) + (statistics?.unstopped.late ?? 0)).toBeGreaterThan(0);
  // The first sample is what took longest: that is when the stack was learnt.
  expect(statistics?.stops?.longest).toBeLessThan((statistics?.duration.max ?? 0) / 3);
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
  await vi.waitFor(() => {
    expect(readFileSync(`/proc/${tid}/status`, "utf8")).toContain(`TracerPid:\t${tracer.pid}\n`);
  });
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
