import fc from "fast-check";
import { expect, test } from "vitest";
import { PairTable } from "../src/pair-table.js";

test("equal pairs have one id, in the order in which pairs first came", () => {
  const number = fc.oneof(
    fc.integer({ min: -1, max: 40 }),
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number), { maxLength: 2000, size: "max" }), (pairs) => {
      const table = new PairTable();
      const model = new Map<string, number>();
      for (const [first, second] of pairs) {
        const key = `${first},${second}`;
        if (!model.has(key)) model.set(key, model.size);
        expect(table.intern(first, second)).toBe(model.get(key));
      }
      expect(Array.from(table.firsts(), (first, id) => `${first},${table.second(id)}`)).toEqual([
        ...model.keys(),
      ]);
    }),
    { numRuns: 30 },
  );
});
