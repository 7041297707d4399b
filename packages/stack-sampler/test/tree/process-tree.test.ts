import { expect, test } from "vitest";
import { descendantsIn } from "../../src/tree/process-tree.js";

const member = (pid: number, parent: number) => ({
  ...{ pid, parent, isAlive: true },
  ...{ group: 1, session: 1, startTime: 0 },
});
const pids = (pairs: readonly (readonly [number, number])[], root: number): number[] =>
  descendantsIn(
    pairs.map(([pid, parent]) => member(pid, parent)),
    root,
  ).map(({ pid }) => pid);

test("each is after its parent and before its parent's next child", () => {
  const family = [
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 4],
    [6, 3],
    [7, 2],
    [8, 9],
  ] as const;
  expect(pids(family, 1)).toEqual([2, 4, 5, 7, 3, 6]);
  expect(pids(family, 5)).toEqual([]);
});

test("a circle, which ids that are used again can make, ends", () => {
  const family = [
    [1, 3],
    [2, 1],
    [3, 2],
  ] as const;
  expect(pids(family, 1)).toEqual([2, 3]);
});

test("ten thousand in a row", () => {
  const family = Array.from({ length: 10_000 }, (_, index) => [index + 2, index + 1] as const);
  expect(pids(family, 1)).toHaveLength(10_000);
});
