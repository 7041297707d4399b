import { ABSENT } from "@pyspy/cpython-layouts";
import { ScatterRead } from "@pyspy/proc-memory";
import { expect, it } from "vitest";
import { findPythons, type Python } from "../../../../tools/testing/pythons.js";
import { TargetWords } from "../../src/python/target-words.js";
import { GarbageCollection, UNKNOWN_FRAME } from "../../src/threads/garbage-collection.js";
import { type LookedInto, lookInto } from "../fixtures/looked-into.js";
import { running } from "../fixtures/sampled-pythons.js";

const LOOKS = 3000;

/** Collects all the time, or never. */
function program(collects: boolean): string {
  return `
import gc, sys
gc.disable()
kept = [[number] for number in range(50000)]
def collect():
    while True: ${collects ? "gc.collect()" : "kept.count(0)"}
sys.stdout.write('go\\n')
sys.stdout.flush()
collect()
`;
}

/** How often garbage was being collected, and under which frames, by how often. */
function watch({ process, runtime }: LookedInto): { collecting: number; frames: Map<number, number> } {
  const collection = new GarbageCollection(process.memory, runtime);
  const words = new TargetWords(process.memory, runtime.layout.pointerSize);
  const interpreter = words.read(runtime.interpretersHead) ?? 0;
  const frames = new Map<number, number>();
  const plan = new ScatterRead(4, 64);
  let collecting = 0;
  for (let look = 0; look < LOOKS; look++) {
    plan.clear();
    const offset = collection.plan(plan, interpreter);
    process.memory.readScatter(plan);
    const frame = collection.frame(plan, offset);
    if (frame === undefined) continue;
    collecting += 1;
    frames.set(frame, (frames.get(frame) ?? 0) + 1);
  }
  return { collecting, frames };
}

/** Up to 3.6 it is a variable of the binary, which Debian's does not name. */
const isKnown = ({ version, source }: Python) =>
  (version.major === 3 && version.minor >= 7) || source !== "debian";
const pythons = findPythons();

it.each(pythons.filter(isKnown))("$name is seen collecting garbage while it does", async (python) => {
  const looked = await lookInto(running(python, program(true)));
  const { collecting, frames } = watch(looked);
  expect(collecting).toBeGreaterThan(LOOKS * 0.7);
  const { layout, interpretersHead } = looked.runtime;
  const [frame = 0] = [...frames].sort(([, left], [, right]) => right - left).map(([address]) => address);
  if (layout.interpreter.gc_frame === ABSENT) {
    expect([...frames.keys()]).toEqual([UNKNOWN_FRAME]);
    return;
  }
  // `collect` is the only function that ever runs.
  const words = new TargetWords(looked.process.memory, layout.pointerSize);
  const threads = (words.read(interpretersHead) ?? 0) + layout.interpreter.threads_head;
  const current = words.read((words.read(threads) ?? 0) + layout.threadState.current_frame);
  expect(frame).toBe(current);
});

it.each(pythons.filter(isKnown))("$name is not seen collecting garbage while it does not", async (python) => {
  const { collecting } = watch(await lookInto(running(python, program(false))));
  expect(collecting).toBe(0);
});

it.each(pythons.filter((python) => !isKnown(python)))(
  "of $name, whose binary names no variables, it is not known whether it collects garbage",
  async (python) => {
    const { process, runtime } = await lookInto(running(python, program(true)));
    expect(new GarbageCollection(process.memory, runtime).isKnown).toBe(false);
  },
);
