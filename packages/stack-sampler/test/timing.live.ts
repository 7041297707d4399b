import { expect, test } from "vitest";
import { attachTo, startTarget } from "./fixtures/live-programs.js";
import { Recording } from "./fixtures/recording.js";
import { anyPython, running } from "./fixtures/sampled-pythons.js";

const RATE = 200;

const BUSY = `
print()
while True:
    pass
`;

async function busyTarget(): Promise<number> {
  const target = startTarget(running(anyPython(), BUSY));
  await target.line();
  return target.pid;
}

test("no sample is taken when the time is over", async () => {
  const pid = await busyTarget();
  const duration = 0.05;
  for (let round = 0; round < 30; round++) {
    const recording = await Recording.whole(await attachTo(pid, { rate: 1000, duration }));
    expect(recording.samples.filter(({ time }) => time >= duration * 1e9)).toEqual([]);
  }
});

test("no sample is taken before a delay is over, and the time is counted from then on", async () => {
  const pid = await busyTarget();
  const began = performance.now();
  const sampler = await attachTo(pid, { rate: 500, delay: 0.5, duration: 0.3 });
  const { samples } = await Recording.whole(sampler);
  expect(performance.now() - began).toBeGreaterThan(800);
  expect(samples.length).toBeGreaterThan(0);
  expect(samples[0]?.time).toBeGreaterThanOrEqual(0);
  expect(await sampler.end).toMatchObject({ reason: "duration" });
});

test("no sample is taken during a pause, which counts neither as taken nor as missed", async () => {
  const sampler = await attachTo(await busyTarget(), { rate: RATE });
  const pause = 600;
  let isBegun = false;
  const recording = await Recording.until(sampler, ({ samples }) => {
    if (!isBegun && samples.length > 0) {
      isBegun = true;
      sampler.pause();
      setTimeout(() => sampler.resume(), pause);
    }
    const times = samples.map(({ time }) => time / 1e6);
    return times.some((time, index) => time - (times[index - 1] ?? time) > pause - 100);
  });
  const { seconds, paused } = await sampler.end;
  expect(paused).toBeGreaterThan((pause - 100) / 1000);
  // Four standard deviations more than there are on average.
  const points = RATE * (seconds - paused);
  expect(recording.counters.scheduled).toBeLessThan(points + 4 * Math.sqrt(points));
});
