import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { findPythons, type Python } from "../../../../tools/testing/pythons.js";
import { type FrameLocals, type LocalsOptions, LocalsReader } from "../../src/locals/locals-reader.js";
import { startTarget } from "../fixtures/live-programs.js";
import { StandingPython } from "./fixtures/target-frames.js";

// Given as an argument: an interpreter in a root of its own does not see this file.
const program = readFileSync(new URL("fixtures/variables.py", import.meta.url), "utf8");

type ToldVariable = readonly [name: string, kind: string, repr: string];

async function stand(
  python: Python,
  source: string,
): Promise<{ target: ReturnType<typeof startTarget>; told: string }> {
  const target = startTarget([...python.command, "-W", "ignore", "-c", source]);
  return { target, told: await target.line() };
}

function shown({ variables }: FrameLocals): ToldVariable[] {
  return variables.map(({ name, kind, value }) => [name, kind, value.text]);
}

/** Up to 3.10 cells are in the order of a hash table. */
function ordered(variables: readonly ToldVariable[]): readonly ToldVariable[] {
  const place = (kind: string): number => ["argument", "local", "cell", "free"].indexOf(kind);
  return variables.toSorted(
    (left, right) =>
      place(left[1]) - place(right[1]) || (place(left[1]) < 2 ? 0 : left[0] < right[0] ? -1 : 1),
  );
}

describe.each(findPythons())("CPython $name", (python) => {
  test("every frame has the variables that it says it has", async () => {
    const { target, told } = await stand(python, program);
    const expected: Record<string, readonly ToldVariable[]> = JSON.parse(told);
    using standing = await StandingPython.open(target.pid);
    const reader = new LocalsReader(standing.process.memory, standing.layout, {
      namespaces: true,
      characters: 4096,
    });
    expect(Object.keys(expected).length).toBeGreaterThanOrEqual(5);
    for (const [name, variables] of Object.entries(expected)) {
      const { frame, code } = standing.frameOf(name);
      const read = reader.read(frame, code);
      expect(ordered(shown(read)), name).toEqual(ordered(variables));
      expect(read.changed, name).toBe(false);
    }
  });

  test("a module's names are there when they are asked for", async () => {
    const { target } = await stand(python, program);
    using standing = await StandingPython.open(target.pid);
    const { frame, code } = standing.frameOf("<module>");
    const read = (options: LocalsOptions): string[] =>
      new LocalsReader(standing.process.memory, standing.layout, options)
        .read(frame, code)
        .variables.map(({ name }) => name);
    expect(read({})).toEqual([]);
    expect(read({ namespaces: true })).toEqual(expect.arrayContaining(["told", "plain", "sys", "last"]));
    expect(read({ namespaces: true, variables: 2 })).toHaveLength(2);
  });

  test("a frame that runs on has changed, and so has one that is gone", async () => {
    const source = `
import os, sys
def busy(count):
    print("standing")
    sys.stdout.flush()
    os.read(0, 1)
    while True:
        count += 1
busy(0)
`;
    const { target } = await stand(python, source);
    using standing = await StandingPython.open(target.pid);
    const { frame, code } = standing.frameOf("busy");
    const reader = new LocalsReader(standing.process.memory, standing.layout);
    expect(reader.read(frame, code)).toMatchObject({
      variables: [{ name: "count", value: { text: "0" } }],
      changed: false,
    });
    target.release();
    // Its input is closed when this thread does nothing.
    while (!reader.read(frame, code).changed) await setImmediate();
    expect(reader.read(frame, code).variables).toMatchObject([{ name: "count", kind: "argument" }]);
    expect(reader.read(frame, code + 16)).toEqual({ variables: [], changed: true });
    expect(reader.read(16, code)).toEqual({ variables: [], changed: true });
  });
});
