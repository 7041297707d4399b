import { expect, test } from "vitest";
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
