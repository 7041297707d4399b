import { expect, test } from "vitest";
import { ProfileBuilder } from "../src/index.js";
import { SampleSpans } from "../src/sample-spans.js";
import { batchOf } from "./profile-of.js";

/** Spans of samples at `times`, milliseconds, of the threads `threads`, at 100 a second. */
function spansAt(times: readonly number[], threads: readonly number[] = [], rate = 100): number[] {
  const batch = batchOf(`main ${times.length}`);
  const [thread] = batch.threads;
  const builder = new ProfileBuilder({ command: [], rate, startTime: 0 });
  builder.add({
    ...batch,
    // The second is another thread; the third is the first under a new name.
    threads: thread === undefined ? [] : [thread, { ...thread, tid: 99 }, { ...thread, name: "renamed" }],
    samples: {
      ...batch.samples,
      time: Float64Array.from(times, (time) => time * 1e6),
      thread: Int32Array.from(times, (_, row) => threads[row] ?? 0),
    },
  });
  const profile = builder.finish();
  const spans = new SampleSpans(profile);
  return [...profile.batches()].flatMap((samples) => times.map((_, row) => spans.of(samples, row) / 1e6));
}

test("a sample stands for the time since its thread's previous one, and the first for an interval", () => {
  expect(spansAt([3, 10, 42])).toEqual([10, 7, 32]);
});

test("after more than ten intervals the thread slept", () => {
  expect(spansAt([0, 100, 201])).toEqual([10, 100, 10]);
});

test("threads do not count for each other, and a renamed one is the same", () => {
  expect(spansAt([0, 1, 5, 9, 11], [0, 1, 0, 1, 2])).toEqual([10, 10, 5, 8, 6]);
});

test("a sample that is older than the one before it stands for an interval", () => {
  expect(spansAt([50, 20])).toEqual([10, 10]);
});

test("without a rate every wait counts, and the first sample for nothing", () => {
  expect(spansAt([5, 6, 900], [], 0)).toEqual([0, 1, 894]);
});
