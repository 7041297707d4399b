import { execFileSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { ABSENT, type Layout, layoutFor, layoutFromDebugOffsets } from "@pyspy/cpython-layouts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Target } from "../target.js";
import { permutedLayout } from "./permuted-layout.js";
import { layOutPython, type SyntheticStack } from "./python-image.js";
import { SyntheticTargets } from "./synthetic-target.js";

const stacks: readonly SyntheticStack[] = [
  [
    { file: "/app/main.py", name: "<module>", line: 40 },
    { file: "/app/main.py", name: "serve", qualname: "Server.serve", line: 2 },
    { file: "/app/größe.py", name: "мера", line: 300 },
  ],
  [{ file: "/app/worker.py", name: "run", line: 7 }],
];

const selfDescribing = [
  { minor: 13, freeThreaded: false },
  { minor: 13, freeThreaded: true },
  { minor: 14, freeThreaded: false },
  { minor: 14, freeThreaded: true },
  { minor: 15, freeThreaded: false },
  { minor: 15, freeThreaded: true },
].map((build) => ({
  ...build,
  name: `3.${build.minor}${build.freeThreaded ? "t" : ""}`,
  layout: layoutFor({ major: 3, minor: build.minor, micro: 5, release: "" }, build),
}));

/** What a reader of stacks needs, of a layout. */
function whatStacksNeed({ runtime, interpreter, gil, threadState, frame, code, unicode, bytes }: Layout) {
  return { runtime, interpreter, gil, threadState, frame, code, unicode, bytes };
}

describe("the debug offsets of a synthetic Python", () => {
  test.each(selfDescribing)("say its layout: $name", ({ layout }) => {
    const read = layoutFromDebugOffsets(layOutPython(layout, stacks).runtime);
    expect(whatStacksNeed(read)).toEqual(whatStacksNeed(layout));
  });

  test.each(selfDescribing)("say its layout wherever its fields are: $name", ({ layout }) => {
    const choices = fc.infiniteStream(fc.nat());
    fc.assert(
      fc.property(choices, (stream) => {
        const permuted = permutedLayout(layout, (limit) => stream.next().value % limit);
        const read = layoutFromDebugOffsets(layOutPython(permuted, stacks).runtime);
        expect(whatStacksNeed(read)).toEqual(whatStacksNeed(permuted));
      }),
    );
  });
});

describe("a synthetic target", () => {
  const builds = [
    ...[3, 4, 5, 6, 7].map((minor) => layoutFor({ major: 2, minor, micro: 1, release: "" })),
    ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((minor) =>
      layoutFor({ major: 3, minor, micro: 9, release: "" }),
    ),
    ...selfDescribing.map(({ layout }) => layout),
  ].map((layout) => ({
    name: `${layout.version.major}.${layout.version.minor}${layout.freeThreaded ? "t" : ""}`,
    layout,
  }));

  test.each(builds)(
    "has its image in memory, and threads with the ids it tells: $name",
    async ({ name, layout }) => {
      using targets = new SyntheticTargets();
      const image = layOutPython(layout, stacks);
      const command = targets.command(image);
      await using target = Target.start(command);
      expect(await target.line()).toBe("ready");

      const executable = command[0] ?? "";
      expect(executable.endsWith(`/python${name}`)).toBe(true);
      expect(read(target.pid, runtimeAddress(target.pid, executable, layout), 8)).toEqual(
        image.runtime.slice(0, 8),
      );

      const memory = new DataView(read(target.pid, image.base, image.bytes.length).buffer);
      const tids = image.threads.flatMap(({ native_thread_id }) =>
        native_thread_id === undefined
          ? []
          : [Number(memory.getBigUint64(native_thread_id - image.base, true))],
      );
      const tasks = readdirSync(`/proc/${target.pid}/task`).map(Number);
      expect(tasks).toHaveLength(stacks.length);
      expect(tids).toEqual(layout.threadState.native_thread_id === ABSENT ? [] : tasks);

      target.release();
      expect(await target.exited).toBe(0);
    },
  );
});

/** Where the loader put what a reader looks for first. */
function runtimeAddress(pid: number, executable: string, { runtime }: Layout): number {
  const name = runtime.size === ABSENT ? "interp_head" : "_PyRuntime";
  const symbols = execFileSync("readelf", ["--syms", "--wide", executable], { encoding: "utf8" });
  const value = new RegExp(`^ *\\d+: ([0-9a-f]+) .* ${name}$`, "m").exec(symbols)?.[1] ?? "";
  const mappings = readFileSync(`/proc/${pid}/maps`, "utf8").split("\n");
  const [start = ""] = mappings.find((line) => line.endsWith(executable))?.split("-") ?? [];
  return Number.parseInt(start, 16) + Number.parseInt(value, 16);
}

function read(pid: number, address: number, length: number): Uint8Array {
  const memory = openSync(`/proc/${pid}/mem`, "r");
  const bytes = new Uint8Array(length);
  readSync(memory, bytes, 0, length, address);
  closeSync(memory);
  return bytes;
}
