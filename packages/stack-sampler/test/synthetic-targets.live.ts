import { type Layout, layoutFor } from "@pyspy/cpython-layouts";
import type { SampleBatch } from "@pyspy/stack-sampler";
import { afterAll, describe, expect, test } from "vitest";
import { permutedLayout } from "../../../tools/testing/synthetic-target/permuted-layout.js";
import { layOutPython, type SyntheticStack } from "../../../tools/testing/synthetic-target/python-image.js";
import { SyntheticTargets } from "../../../tools/testing/synthetic-target/synthetic-target.js";
import { attachTo, startTarget } from "./fixtures/live-programs.js";

const targets = new SyntheticTargets();
afterAll(() => targets[Symbol.dispose]());

const stacks: readonly SyntheticStack[] = [
  [
    { file: "/app/main.py", name: "<module>", line: 40 },
    { file: "/app/main.py", name: "serve", qualname: "Server.serve", line: 2 },
    { file: "/app/größe.py", name: "мера", line: 300 },
  ],
  [
    { file: "/app/worker.py", name: "run", qualname: "Worker.run", line: 7 },
    { file: "/app/worker.py", name: "wait", line: 31 },
  ],
];

/** `file:line name` of each frame, the outermost first, and the names as this version keeps them. */
function expectedOf({ code }: Layout): readonly string[] {
  const hasQualnames = code.co_qualname >= 0;
  return stacks.map((stack) =>
    stack
      .map(
        ({ file, line, name, qualname = name }) =>
          `${file}:${line} ${name} ${hasQualnames ? qualname : name}`,
      )
      .join("; "),
  );
}

/** Every stack that the sampler tells, in the same words. */
class Stacks {
  readonly seen = new Set<string>();
  readonly #functions: SampleBatch["functions"][number][] = [];
  readonly #frames: string[] = [];
  readonly #nodes: string[] = [];

  add({ functions, frames, nodes, samples }: SampleBatch): void {
    this.#functions.push(...functions);
    for (const [index, id] of frames.function.entries()) {
      const { file, name, qualname } = this.#functions[id] ?? { file: "", name: "", qualname: "" };
      this.#frames.push(`${file}:${frames.line[index]} ${name} ${qualname}`);
    }
    for (const [index, parent] of nodes.parent.entries()) {
      const frame = this.#frames[nodes.frame[index] ?? -1] ?? "";
      this.#nodes.push(parent < 0 ? frame : `${this.#nodes[parent]}; ${frame}`);
    }
    for (const node of samples.node) this.seen.add(this.#nodes[node] ?? "");
  }
}

async function expectStacks(layout: Layout): Promise<void> {
  const target = startTarget(targets.command(layOutPython(layout, stacks)));
  expect(await target.line()).toBe("ready");
  const sampler = await attachTo(target.pid, { rate: 500, idle: true });
  const told = new Stacks();
  for await (const batch of sampler) {
    told.add(batch);
    if (told.seen.size >= stacks.length) sampler.stop();
  }
  expect([...told.seen].toSorted()).toEqual(expectedOf(layout).toSorted());
  const { major, minor, micro } = layout.version;
  expect((await sampler.python)?.version).toBe(`${major}.${minor}.${micro}`);
}

const unavailable = [
  ...[3, 4, 5, 6].map((minor) => ({
    name: `2.${minor}`,
    layout: layoutFor({ major: 2, minor, micro: 1, release: "" }),
  })),
  ...[3, 4, 5].map((minor) => ({
    name: `3.${minor}`,
    layout: layoutFor({ major: 3, minor, micro: 4, release: "" }),
  })),
];

/** They say what their layout is, wherever things are. */
const selfDescribing = [13, 14, 15].flatMap((minor) =>
  [false, true].map((freeThreaded) => ({
    name: `3.${minor}${freeThreaded ? "t" : ""}`,
    layout: layoutFor({ major: 3, minor, micro: 5, release: "" }, { freeThreaded }),
  })),
);

describe("the stacks of a Python that was laid out by hand are seen as they are", () => {
  test.each([...unavailable, ...selfDescribing])("CPython $name", async ({ layout }) => {
    await expectStacks(layout);
  });

  test.each(selfDescribing.flatMap((build) => [1, 2, 3].map((seed) => ({ ...build, seed }))))(
    "CPython $name, with its fields elsewhere ($seed)",
    async ({ layout, seed }) => {
      await expectStacks(permutedLayout(layout, randomFrom(seed)));
    },
  );
});

/** The same numbers for the same seed (Lehmer's generator). */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed * 7919;
  return (limit) => {
    state = (state * 48271) % 0x7fffffff;
    return state % limit;
  };
}
