import type { FamilyMember } from "@pyspy/proc-memory";
import { describe, expect, test } from "vitest";
import { TreeWatch } from "../../src/tree/tree-watch.js";

const SELF = 50;

/** Processes that begin as a test says. */
class Begun {
  #members: FamilyMember[] = [];

  add(pid: number, parent: number, changes: Partial<FamilyMember> = {}): this {
    this.#members.push({ pid, parent, group: 1, session: 1, startTime: pid, isAlive: true, ...changes });
    return this;
  }

  *begun(): Generator<FamilyMember> {
    yield* this.#members.splice(0);
  }

  close(): void {}
}

function treeOf(...roots: number[]) {
  const begun = new Begun();
  const tree = new TreeWatch(roots, begun, SELF);
  const names = () => tree.begun().map(({ pid, parent }) => `${parent} > ${pid}`);
  return { begun, names };
}

describe("a tree", () => {
  test("is what its root has started, and what that has started, and nothing else", () => {
    const { begun, names } = treeOf(100);
    begun.add(100, 1).add(101, 100).add(102, 101).add(103, 1).add(104, 103);
    expect(names()).toEqual(["100 > 101", "101 > 102"]);
    begun.add(105, 102).add(106, 104);
    expect(names()).toEqual(["102 > 105"]);
    expect(names()).toEqual([]);
  });

  test("has processes whose ids are lower than that of what has started them", () => {
    const { begun, names } = treeOf(32_000);
    begun.add(300, 301).add(301, 302).add(302, 32_000).add(32_000, 1);
    expect(names()).toEqual(["32000 > 302", "302 > 301", "301 > 300"]);
  });

  test("goes on after the end of what has started a process", () => {
    const { begun, names } = treeOf(100);
    begun.add(100, 1).add(101, 100);
    names();
    begun.add(102, 101);
    expect(names()).toEqual(["101 > 102"]);
  });

  test.each([
    ["a process group", { group: 101 }],
    ["a session", { session: 101 }],
  ])("has what was left alone between two looks by %s of its own", (_, changes) => {
    const { begun, names } = treeOf(100);
    begun.add(100, 1).add(101, 100);
    names();
    begun.add(102, 1, changes).add(103, 1);
    expect(names()).toEqual(["101 > 102"]);
  });

  test("of a program that was started has what is in the group of its starter, who is in none", () => {
    const { begun, names } = treeOf(100);
    begun.add(SELF, 100).add(60, SELF).add(100, SELF, { group: SELF });
    begun.add(101, 1, { group: SELF });
    expect(names()).toEqual(["100 > 101"]);
  });

  test("does not take in what has got the id of one that has ended", () => {
    const { begun, names } = treeOf(100);
    begun.add(100, 1).add(101, 100);
    names();
    begun.add(101, 1, { startTime: 500 }).add(102, 101);
    expect(names()).toEqual([]);
    begun.add(101, 100, { startTime: 600 });
    expect(names()).toEqual(["100 > 101"]);
  });

  test("does not have what is a zombie already", () => {
    const { begun, names } = treeOf(100, 200);
    begun.add(100, 1).add(200, 1).add(101, 100, { isAlive: false }).add(201, 200);
    expect(names()).toEqual(["200 > 201"]);
  });
});
