import { describe, expect, test } from "vitest";
import { findPythons, type Python } from "../../../tools/testing/pythons.js";
import { untilAtRest } from "./fixtures/at-rest.js";
import { attachTo, startTarget } from "./fixtures/live-programs.js";
import { type RecordedSample, Recording } from "./fixtures/recording.js";
import { anyPython, running } from "./fixtures/sampled-pythons.js";

/** Collects garbage all the time. */
const COLLECTING = `
import gc, sys
gc.disable()
kept = [[number] for number in range(50000)]
def collect():
    while True: gc.collect()
sys.stdout.write("go\\n")
sys.stdout.flush()
collect()
`;

/** Four threads that want the GIL all the time, and the main one, which waits for another lock. */
const CROWD = `
import sys, threading
def work():
    count = 0
    while True: count += 1
for _ in range(4):
    thread = threading.Thread(target=work)
    thread.daemon = True
    thread.start()
sys.stdout.write("go\\n")
sys.stdout.flush()
lock = threading.Lock()
lock.acquire()
lock.acquire()
`;

const withGil = findPythons().filter(({ freeThreaded }) => !freeThreaded);
/** Where the variables of the GIL and of the collection are not told, a stripped binary names none. */
const isKnown = ({ version, source }: Python) =>
  version.major === 3 && (version.minor >= 7 || source !== "debian");

describe.each(withGil.filter(isKnown))("CPython $name", (python) => {
  test("collections are told, and are the innermost frame", async () => {
    const { good } = await sampled(python, COLLECTING);
    const collecting = good.filter((sample) => sample.collecting);
    expect(collecting.length).toBeGreaterThan(good.length / 2);
    const shown = new Set(collecting.map(({ stack }) => stack.join(";")));
    expect(shown).toEqual(new Set(["<module>;collect;<GC>"]));
    const others = good.filter((sample) => !sample.collecting);
    expect(others.every(({ stack }) => !stack.includes("<GC>"))).toBe(true);
  });

  test("one thread at a time holds the GIL, and those that wait for it are told", async () => {
    const { good } = await sampled(python, CROWD, (pid) => untilAtRest(pid, (tid) => tid === pid));
    const workers = good.filter(({ stack }) => stack.at(-1) === "work");
    expect(good.every(({ holdsGil, wantsGil }) => !(holdsGil && wantsGil))).toBe(true);
    for (const samples of byTime(good)) {
      expect(samples.filter(({ holdsGil }) => holdsGil).length).toBeLessThanOrEqual(1);
    }
    expect(workers.filter(({ holdsGil }) => holdsGil).length).toBeGreaterThan(workers.length / 8);
    // Who waits wakes again and again to ask for it; on a busy machine it may be for a processor that it waits then.
    const asleep = workers.filter(({ active }) => !active);
    expect(asleep.length).toBeGreaterThan(workers.length / 8);
    expect(asleep.filter(({ wantsGil }) => wantsGil).length).toBeGreaterThan(asleep.length / 2);
    const main = good.filter(({ stack }) => stack.join(";") === "<module>");
    expect(main.every(({ holdsGil, wantsGil, active }) => !holdsGil && !wantsGil && !active)).toBe(true);
  });
});

test("1,000 threads that sleep all have their stacks, and it is told that they take turns", async () => {
  const program = `
import os, sys, threading
threading.stack_size(1 << 17)
lock = threading.Lock()
lock.acquire()
def sleep():
    lock.acquire()
def outer():
    sleep()
for _ in range(1000):
    threading.Thread(target=outer, daemon=True).start()
print("go", flush=True)
def work():
    while True: pass
work()
`;
  const target = startTarget(running(anyPython(), program));
  await target.line();
  await untilAtRest(target.pid, (tid) => tid !== target.pid);
  const sampler = await attachTo(target.pid, { rate: 100, idle: true });
  const { good, samples } = await Recording.until(sampler, (sofar) => byTime(sofar.samples).length >= 30);
  const last = byTime(samples).at(-1) ?? [];
  expect(last.length).toBe(1001);
  const stacks = new Set(last.map(({ stack, active }) => `${stack.slice(-2).join(";")} ${active}`));
  expect(stacks).toEqual(new Set(["outer;sleep false", "<module>;work true"]));
  expect(new Set(last.map(({ thread }) => thread.tid)).size).toBe(1001);
  expect(good.length).toBeGreaterThan(samples.length * 0.99);
  const { statistics } = await sampler.end;
  expect(statistics?.turns).toBeGreaterThan(1);
});

async function sampled(
  python: Python,
  program: string,
  ready: (pid: number) => Promise<void> = async () => {},
): Promise<Recording> {
  const target = startTarget(running(python, program));
  await target.line();
  await ready(target.pid);
  const sampler = await attachTo(target.pid, { rate: 300, idle: true });
  return await Recording.until(sampler, ({ samples }) => samples.length >= 1000);
}

/** What was sampled at one point of the schedule. */
function byTime(samples: readonly RecordedSample[]): readonly RecordedSample[][] {
  const groups = new Map<number, RecordedSample[]>();
  for (const sample of samples) {
    const group = groups.get(sample.time);
    if (group === undefined) groups.set(sample.time, [sample]);
    else group.push(sample);
  }
  return [...groups.values()];
}
