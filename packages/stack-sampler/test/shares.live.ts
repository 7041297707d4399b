import { availableParallelism } from "node:os";
import { describe, expect, test } from "vitest";
import { findPythons } from "../../../tools/testing/pythons.js";
import { untilAsleep } from "./fixtures/at-rest.js";
import { attachTo, startTarget } from "./fixtures/live-programs.js";
import { Recording } from "./fixtures/recording.js";
import { anyPython, running, sampledPythons } from "./fixtures/sampled-pythons.js";

const ENOUGH_SAMPLES = 5000;
/**
 * Seconds. Not 1 ms, because virtual machines stand still each time that the clock of their host ticks, some 50 µs: who is
 * to be sampled then is sampled right after it, which is in another function if the one before ended in between.
 */
const PERIOD = 0.000_97;
/** By chance a share is off by more than so many standard deviations in one run of two million. */
const DEVIATIONS = 5;

/** One thread that works, and twenty that sleep. */
const SLEEPERS = `
import sys, threading, time
def sleep():
    while True:
        time.sleep(1000)
def work():
    while True:
        pass
for _ in range(20):
    thread = threading.Thread(target=sleep)
    thread.daemon = True
    thread.start()
sys.stdout.write("begun\\n")
sys.stdout.flush()
work()
`;

/**
 * Work that begins with each period, in the rhythm of the samples, for a third of it. It keeps account in time that passes,
 * as samples do: a thread that is ready for a processor and has none counts as running. For how long it had none is told too.
 */
const PERIODIC = `
import json, signal, sys, time
asked = []
signal.signal(signal.SIGUSR1, lambda *_: asked.append(True))
now = time.perf_counter
PERIOD = ${PERIOD}
GAP = 0.0002
taken = [0.0, 0.0, 0.0]
def spin(end):
    last = time = now()
    while time < end:
        time = now()
        if time - last > GAP: taken[2] += time - last
        last = time
def work(end):
    spin(end)
def rest(end):
    spin(end)
def main():
    print("begun", flush=True)
    while not asked:
        start = now()
        beginning = start - start % PERIOD
        work(beginning + PERIOD / 3)
        middle = now()
        rest(beginning + PERIOD)
        taken[0] += middle - start
        taken[1] += now() - middle
    print(json.dumps(taken), flush=True)
main()
`;

const BUSY = `
print("begun", flush=True)
while True:
    pass
`;
/** One or several ticks of most kernels: of 250 and of 1000 a second. */
const TICK = 4e6;

describe.each(findPythons())("CPython $name", (python) => {
  test("beside 20 sleeping threads the one that works has at least 97 % of the samples", async () => {
    const target = startTarget(running(python, SLEEPERS));
    await target.line();
    await untilAsleep(target.pid, (tid) => tid !== target.pid);
    const sampler = await attachTo(target.pid, { rate: 1000 });
    const { samples } = await Recording.until(sampler, (sofar) => sofar.samples.length >= 1000);
    const working = samples.filter(({ thread }) => thread.tid === target.pid);
    expect(working.length / samples.length).toBeGreaterThanOrEqual(0.97);
    expect(working.every(({ stack }) => stack[1] === "work" || stack.length === 1)).toBe(true);
  });
});

test.each([sampledPythons[0] ?? anyPython(), anyPython()])(
  "work of $name in the rhythm of the samples has its true share",
  async (python) => {
    const target = startTarget(running(python, PERIODIC));
    await target.line();
    const sampler = await attachTo(target.pid, { rate: 1 / PERIOD });
    const recording = await Recording.until(sampler, ({ samples }) => samples.length >= ENOUGH_SAMPLES);
    process.kill(target.pid, "SIGUSR1");
    const [work = 0, rest = 0, waiting = 0] = JSON.parse(await target.line()) as number[];
    const count = (name: string) => recording.good.filter(({ stack }) => stack.includes(name)).length;
    const samples = count("work") + count("rest");
    const share = count("work") / samples;
    const truth = work / (work + rest);
    // What was sampled while the program waited was of few moments.
    const tolerance = DEVIATIONS * Math.sqrt((truth * (1 - truth)) / samples) + waiting / (work + rest);
    expect(Math.abs(share - truth), `${share}`).toBeLessThanOrEqual(tolerance);
  },
);

/** How many of the samples are in each of so many parts of a tick of the kernel's clock. */
function partsOf(samples: readonly { readonly time: number }[], count: number): number[] {
  const parts = new Array<number>(count).fill(0);
  for (const { time } of samples) {
    const part = Math.floor(((time % TICK) / TICK) * count);
    parts[part] = (parts[part] ?? 0) + 1;
  }
  return parts;
}

test("on a machine that has more to do than it can, samples are not in the rhythm of the kernel's clock", async () => {
  const [target] = Array.from({ length: 3 * availableParallelism() }, () =>
    startTarget(running(anyPython(), BUSY)),
  );
  if (target === undefined) throw new Error("there is no program");
  await target.line();
  const sampler = await attachTo(target.pid, { rate: 1000 });
  const { samples } = await Recording.until(sampler, (sofar) => sofar.samples.length >= 3000);
  const parts = partsOf(samples, 20);
  expect(Math.max(...parts) / samples.length, parts.join(" ")).toBeLessThan(0.085);
});

test("samples do not crowd right after the ticks of the kernel's clock", async () => {
  const target = startTarget(running(anyPython(), BUSY));
  await target.line();
  const sampler = await attachTo(target.pid, { rate: 1000 });
  const { samples } = await Recording.until(sampler, (sofar) => sofar.samples.length >= 10_000);
  const parts = partsOf(samples, 80);
  expect((Math.max(...parts) / samples.length) * parts.length, parts.join(" ")).toBeLessThan(1.9);
});
