import { describe, expect, it } from "vitest";
import { NamespaceThreads } from "../../../src/platform/linux/namespace-threads.js";
import { statusText } from "./fake-system.js";

/** Process 100, which calls itself 1, with these threads. It can be changed, and counts what is read. */
function threadsOf(ids: Record<number, string>) {
  const state = { ids, reads: 0 };
  const read = (path: string): string => {
    state.reads++;
    const tid = Number(/(\d+)\/status$/.exec(path)?.[1]);
    const found = state.ids[tid];
    if (found === undefined) throw new Error("gone");
    return statusText({ ids: found });
  };
  const threads = new NamespaceThreads(100, () => Object.keys(state.ids).map(Number), { read });
  return { state, threads };
}

describe("threads of another pid namespace", () => {
  it("are found with one file when they have been seen before", () => {
    const { state, threads } = threadsOf({ 100: "100\t1", 105: "105\t6", 106: "106\t7" });
    expect([threads.outerIdOf(6), threads.outerIdOf(7)]).toEqual([105, 106]);
    state.reads = 0;
    expect([threads.outerIdOf(6), state.reads]).toEqual([105, 1]);
  });

  it("are not mixed up when an id is used again", () => {
    const { state, threads } = threadsOf({ 100: "100\t1", 105: "105\t6" });
    expect(threads.outerIdOf(6)).toBe(105);
    state.ids = { 100: "100\t1", 230: "230\t6", 105: "105\t9" };
    expect([threads.outerIdOf(6), threads.outerIdOf(9), threads.outerIdOf(7)]).toEqual([230, 105, undefined]);
  });

  it("are those that the innermost namespace has", () => {
    const { threads } = threadsOf({ 100: "100\t20\t1", 105: "105\t1\t6" });
    expect(threads.pids).toEqual([100, 20, 1]);
    expect([threads.outerIdOf(1), threads.outerIdOf(20), threads.outerIdOf(6)]).toEqual([
      100,
      undefined,
      105,
    ]);
  });
});

describe("threads of our own pid namespace", () => {
  it("are called the same, and only the first question reads a file", () => {
    const { state, threads } = threadsOf({ 100: "100", 105: "105" });
    expect([threads.outerIdOf(105), threads.outerIdOf(105), threads.pids]).toEqual([105, 105, [100]]);
    expect(state.reads).toBe(1);
  });
});
