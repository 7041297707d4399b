import type { ThreadActivity } from "@pyspy/proc-memory";
import { expect, it } from "vitest";
import type { InterpreterTrack } from "../../src/python/thread-list.js";
import { ThreadTrack } from "../../src/python/thread-track.js";
import { ThreadWatch } from "../../src/threads/thread-watch.js";
import { FakeProcess } from "../fixtures/fake-process.js";
import { layoutOf, SyntheticPython } from "../fixtures/synthetic-python.js";

const RATE = 100;
const INTERVAL = 1000 / RATE;

/** `count` threads that sleep for good, each look at one of which takes `cost` milliseconds; how long each round of looks takes. */
function roundsOf(
  count: number,
  cost: number,
): { readonly durations: number[]; readonly watch: ThreadWatch } {
  const python = new SyntheticPython(layoutOf(13));
  const process = new FakeProcess({ memory: python.memory, pid: 100 });
  const interpreter = python.addInterpreter(0) as unknown as InterpreterTrack;
  let time = 0;
  const watch = new ThreadWatch(process, python.runtime, RATE, () => time);
  const activity = {
    state: "sleeping",
    hasRun: false,
    glance: () => {
      time += cost;
    },
  } as unknown as ThreadActivity;
  const tracks = Array.from({ length: count }, () => new ThreadTrack(1, 1, 0, activity));
  const durations: number[] = [];
  for (let round = 0; round < 200; round++) {
    time = round * 1000;
    watch.begin();
    for (const [index, track] of tracks.entries()) watch.look(track, interpreter, index, 0, time);
    watch.end();
    durations.push(time - round * 1000);
  }
  return { durations, watch };
}

it("looks at many threads take a small part of the time, whatever one takes", () => {
  for (const cost of [0.001, 0.004, 0.02]) {
    const { durations, watch } = roundsOf(1000, cost);
    const late = durations.slice(100);
    expect(Math.max(...late) / INTERVAL).toBeLessThan(0.16);
    expect(late.reduce((sum, duration) => sum + duration, 0)).toBeGreaterThan(0);
    // Before it is known what a look costs, there are two.
    expect(watch.turns).toBe(Math.max(2, Math.ceil((1000 * cost) / (0.15 * INTERVAL))));
  }
});

it("few threads are all looked at in every round", () => {
  const { durations, watch } = roundsOf(10, 0.5);
  expect(watch.turns).toBe(1);
  expect(new Set(durations.slice(1))).toEqual(new Set([5]));
});
