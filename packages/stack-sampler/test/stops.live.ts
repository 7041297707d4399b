import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { attachTo, startTarget } from "./fixtures/live-programs.js";
import { pythonOf } from "./situations/fixtures/situation-pythons.js";

/** Runs with so deep a stack that reading it for the first time takes hundreds of times as long as a usual sample. */
const DEEP = `
import sys
sys.setrecursionlimit(100000)
def descend(left):
    if left == 0:
        sys.stdout.write("go\\n")
        sys.stdout.flush()
        while True: pass
    descend(left - 1)
descend(20000)
`;

test.each(["3.8", "3.12"])("nobody stands still for what a first reading takes, of %s", async (series) => {
  const target = startTarget([...pythonOf(series).command, "-c", DEEP]);
  expect(await target.line()).toBe("go");
  const sampler = await attachTo(target.pid, { blocking: true, rate: 20, duration: 3 });
  const { reason, statistics } = await sampler.end;
  expect(reason).toBe("duration");
  expect(statistics?.stops?.count).toBeGreaterThan(0);
  // The first sample is what took longest: that is when the stack was learnt.
  expect(statistics?.stops?.longest).toBeLessThan((statistics?.duration.max ?? 0) / 3);
});

/** Two threads, one of which works all the time and tells its id. */
const WORKING = `
import sys, threading
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
  const target = startTarget([...pythonOf("3.12").command, "-c", WORKING]);
  await traced(Number(await target.line()));
  const sampler = await attachTo(target.pid, { blocking: true, duration: 1 });
  const { statistics } = await sampler.end;
  expect(statistics?.unstopped.refused).toBeGreaterThan(0);
});

test("why a process cannot be stopped is told", async () => {
  const target = startTarget([...pythonOf("3.12").command, "-c", WORKING]);
  await target.line();
  const tracer = await traced(target.pid, "-f");
  const sampler = await attachTo(target.pid, { blocking: true, duration: 1 });
  const { problem } = await sampler.end;
  expect(problem).toMatchObject({
    code: "permission-denied",
    message: `Cannot stop process ${target.pid}: process ${tracer} (strace) traces it`,
    denial: { action: "stop", reason: { code: "traced", tracer } },
  });
});
