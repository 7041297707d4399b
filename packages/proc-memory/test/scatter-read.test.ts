import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ScatterRead } from "../src/scatter-read.js";

describe("ScatterRead", () => {
  it("starts every range at a multiple of 8 after the one before", () => {
    const plan = new ScatterRead(4, 64);
    expect([plan.add(0x1000, 3), plan.add(0x2001, 8), plan.add(0x3000, 0), plan.add(0x4000, 1)]).toEqual([
      0, 8, 16, 16,
    ]);
    expect(plan.rangeCount).toBe(4);
  });

  it("remembers any ranges and has room for them, however small it was made", () => {
    const range = fc.record({
      address: fc.integer({ min: 0, max: 2 ** 47 }),
      length: fc.integer({ min: 0, max: 5000 }),
    });
    fc.assert(
      fc.property(fc.array(range), (ranges) => {
        const plan = new ScatterRead(0, 0);
        let end = 0;
        for (const { address, length } of ranges) {
          const offset = plan.add(address, length);
          expect(offset % 8).toBe(0);
          expect(offset).toBeGreaterThanOrEqual(end);
          end = offset + length;
        }
        expect(plan.bytes.length).toBeGreaterThanOrEqual(end);
        expect(plan.u32.buffer).toBe(plan.bytes.buffer);
        const told = ranges.map((_, index) => ({
          address: plan.addressOf(index),
          length: plan.lengthOf(index),
        }));
        expect(told).toEqual(ranges);
      }),
    );
  });

  it("reads what is near with the last range", () => {
    const plan = new ScatterRead(2, 16);
    plan.add(0x8000, 8);
    const first = plan.addNear(0x1000, 8);
    expect(plan.addNear(0x1028, 8)).toBe(first + 0x28);
    expect(plan.addNear(0x1004, 4)).toBe(first + 4);
    expect(plan.addNear(0x1500, 8)).toBe(first + 0x30);
    expect(plan.addNear(0x1400, 8)).toBe(first + 0x38);
    const told = [0, 1, 2, 3].map((range) => [plan.addressOf(range), plan.lengthOf(range)]);
    expect(told).toEqual([
      [0x8000, 8],
      [0x1000, 0x30],
      [0x1500, 8],
      [0x1400, 8],
    ]);
    expect(plan.wantedBytes).toBe(0x48);
  });

  it("allocates nothing when it is used again", () => {
    const plan = new ScatterRead(2, 16);
    const { bytes, u32, ranges } = plan;
    for (let time = 0; time < 3; time++) {
      plan.clear();
      plan.add(0x1000, 8);
      plan.add(0x2000, 8);
    }
    expect([plan.bytes, plan.u32, plan.ranges]).toEqual([bytes, u32, ranges]);
    expect(plan.bytes).toBe(bytes);
    expect(plan.ranges).toBe(ranges);
  });

  it("keeps what it holds when it grows", () => {
    const plan = new ScatterRead(1, 8);
    plan.bytes[plan.add(0x1000, 8)] = 7;
    plan.add(0x2000, 1000);
    expect([plan.bytes[0], plan.addressOf(0), plan.addressOf(1)]).toEqual([7, 0x1000, 0x2000]);
  });

  it("counts the ranges that a number of bytes completes", () => {
    const plan = new ScatterRead(3, 64);
    plan.add(0x1000, 4);
    plan.add(0x2000, 4);
    plan.add(0x3000, 4);
    const complete = [0, 3, 4, 7, 8, 12].map((count) => {
      plan.setBytesRead(count);
      return plan.completeRanges;
    });
    expect(complete).toEqual([0, 0, 1, 1, 2, 3]);
  });

  it("reads an address from two words, aligned or not", () => {
    const plan = new ScatterRead(1, 16);
    plan.view.setBigUint64(4, 0x7fff_1234_5678n, true);
    expect(plan.addressAt(4)).toBe(0x7fff_1234_5678);
  });

  it.each([2 ** 53, 2 ** 64, -1, Number.NaN, Number.POSITIVE_INFINITY])(
    "takes the impossible address %d for one in the kernel's half",
    (address) => {
      const plan = new ScatterRead(1, 8);
      plan.add(address, 8);
      expect(plan.addressOf(0)).toBeGreaterThan(2 ** 63);
    },
  );
});
