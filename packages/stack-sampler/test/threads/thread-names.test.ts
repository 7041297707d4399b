import fc from "fast-check";
import { expect, it } from "vitest";
import { ThreadNames } from "../../src/threads/thread-names.js";
import { ByteMemory } from "../fixtures/byte-memory.js";
import { FakeProcess } from "../fixtures/fake-process.js";
import { eras, layoutOf } from "../fixtures/synthetic-python.js";

const REGION = 0x7f00_0000_0000;
const REGION_BYTES = 0x4000;

it.each(eras)("any bytes where $era would be give some name, or none", ({ layout }) => {
  const word = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.integer({ min: 0, max: REGION_BYTES / 8 - 1 }).map((slot) => REGION + slot * 8),
    },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 20 }) },
    { weight: 1, arbitrary: fc.maxSafeNat() },
  );
  const words = fc.array(word, { minLength: 64, maxLength: 64 });
  fc.assert(
    fc.property(words, (values) => {
      const memory = new ByteMemory();
      memory.map(REGION, REGION_BYTES);
      for (let slot = 0; slot * 8 < REGION_BYTES; slot++)
        memory.writeWord(REGION + slot * 8, values[(slot * 7) % values.length] ?? 0);
      const names = new ThreadNames(new FakeProcess({ memory }), layout);
      for (let now = 0; now < 3000; now += 500) expect(typeof names.nameOf(REGION, 1, 0, now)).toBe("string");
    }),
    { numRuns: 30 },
  );
});

it("a thread whose memory cannot be read has the operating system's name, if that is its own", () => {
  const process = new FakeProcess({ memory: new ByteMemory(), pid: 100 });
  process.threadNames.set(100, "python").set(101, "python").set(102, "pool");
  const names = new ThreadNames(process, layoutOf(13));
  expect([100, 101, 102, 103, 0].map((tid) => names.nameOf(REGION, tid, tid, 0))).toEqual([
    "",
    "",
    "pool",
    "",
    "",
  ]);
});

it("a thread without a name is asked about ever more rarely", () => {
  const memory = new ByteMemory();
  const names = new ThreadNames(new FakeProcess({ memory }), layoutOf(13));
  const readsIn = (from: number, to: number) => {
    const before = memory.reads;
    for (let now = from; now < to; now++) names.nameOf(REGION, 1, 0, now);
    return memory.reads - before;
  };
  expect([readsIn(0, 1000) > 3, readsIn(5000, 15_000) <= 12]).toEqual([true, true]);
});
