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

  /** By id. */
  readonly layouts = new Map<number, string>();

  layoutOf(pid: number): string | undefined {
    return this.layouts.get(pid);
  }

  close(): void {}
}

function treeOf(...roots: number[]) {
  const begun = new Begun();
  const tree = new TreeWatch(roots, begun, SELF);
  const executed = (pid: number) => tree.executed(pid);
  const names = () => tree.begun().map(({ pid, parent }) => `${parent} > ${pid}`);
  return { begun, names, executed };
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

  test("has a daemon by its memory, which is a copy of that of one of the tree", () => {
    const { begun, names } = treeOf(100);
    begun.add(9, 1).add(SELF, 9).add(100, SELF).add(101, 100);
    begun.layouts.set(100, "root").set(101, "child").set(103, "child").set(104, "root").set(105, "other");
    expect(names()).toEqual(["100 > 101"]);
    const alone = (pid: number) => ({ group: pid, session: pid });
    // An orphan is given to init, or to a session manager among those that have led to the tree; another one is none.
    begun.add(103, 1, alone(103)).add(104, 9, alone(104)).add(105, 1, alone(105)).add(106, 1, alone(106));
    begun.add(107, 8, alone(107)).layouts.set(107, "child");
    expect(names()).toEqual(["101 > 103", "100 > 104"]);
  });

  test("has the daemon of what has executed a program, also when that has ended", () => {
    const { begun, names, executed } = treeOf(100);
    begun.add(100, 1).add(101, 100).add(102, 100);
    names();
    begun.layouts.set(101, "executed").set(103, "executed").set(102, "told");
    begun.add(103, 1, { group: 103, session: 103 });
    expect(names()).toEqual(["101 > 103"]);
    executed(102);
    begun.layouts.delete(102);
    begun.layouts.set(104, "told");
    begun.add(104, 1, { group: 104, session: 104 });
    expect(names()).toEqual(["102 > 104"]);
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

  test("has what a zombie has started, and not the zombie", () => {
    const { begun, names } = treeOf(100);
    begun.add(100, 1).add(101, 100, { isAlive: false }).add(102, 101, { group: 102, session: 102 });
    expect(names()).toEqual(["101 > 102"]);
    begun.add(103, 1, { session: 101 });
    expect(names()).toEqual(["101 > 103"]);
  });

  test("does not have what is a zombie already", () => {
    const { begun, names } = treeOf(100, 200);
    begun.add(100, 1).add(200, 1).add(101, 100, { isAlive: false }).add(201, 200);
    expect(names()).toEqual(["200 > 201"]);
  });
});
