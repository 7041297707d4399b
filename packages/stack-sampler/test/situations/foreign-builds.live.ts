import { readdirSync } from "node:fs";
import { layoutFor } from "@pyspy/cpython-layouts";
import { afterAll, describe, expect, test } from "vitest";
import { runs32BitPrograms } from "../../../../tools/pythons/programs-32-bit.js";
import { layOutPython } from "../../../../tools/testing/synthetic-target/python-image.js";
import { SyntheticTargets } from "../../../../tools/testing/synthetic-target/synthetic-target.js";
import { attachTo, startTarget } from "../fixtures/live-programs.js";
import { Recording } from "../fixtures/recording.js";
import { expectSampled, WORK } from "./fixtures/sampled-from.js";
import { pythonOf } from "./fixtures/situation-pythons.js";

test.runIf(runs32BitPrograms())("a 32-bit Python is sampled", async () => {
  const python = pythonOf("3.11", undefined, 32);
  const target = startTarget([...python.command, "-c", WORK]);
  expect(await target.line()).toBe("ready");
  expect(await expectSampled(target.pid)).toMatch(/^3\.11\./);
});

/** musl's programs cannot load a Python that was built for glibc, so theirs is one that was laid out by hand. */
describe.each([
  ["linked dynamically", ["musl-gcc"]],
  ["linked statically", ["musl-gcc", "-static"]],
  ["linked statically, position independent", ["musl-gcc", "-static-pie"]],
] as const)("a program of musl, %s,", (_, compiler) => {
  const targets = new SyntheticTargets([...compiler]);
  afterAll(() => targets[Symbol.dispose]());

  test.each([8, 11, 13, 15])("is sampled: CPython 3.%d", async (minor) => {
    const layout = layoutFor({ major: 3, minor, micro: 1, release: "" });
    const image = layOutPython(layout, [
      [
        { file: "/app/main.py", name: "<module>", line: 9 },
        { file: "/app/main.py", name: "serve", line: 5 },
      ],
      [{ file: "/app/main.py", name: "watch", line: 7 }],
    ]);
    const target = startTarget(targets.command(image));
    expect(await target.line()).toBe("ready");
    const sampler = await attachTo(target.pid, { rate: 500, idle: true });
    const recording = await Recording.until(sampler, ({ good }) => good.length >= 6);
    const stacks = new Map(recording.good.map(({ thread, stack }) => [stack.join(";"), thread.tid]));
    expect([...stacks.keys()].toSorted()).toEqual(["<module>;serve", "watch"]);
    expect(stacks.get("<module>;serve")).toBe(target.pid);
    expect(stacks.get("watch")).toBe(otherThread(target.pid));
  });
});

function otherThread(pid: number): number | undefined {
  const tids = readdirSync(`/proc/${pid}/task`).map(Number);
  return tids.find((tid) => tid !== pid);
}
