import { describe, expect, test } from "vitest";
import {
  isProfileError,
  ProfileBuilder,
  type ProfileError,
  type SampleBatch,
  writeCollapsed,
} from "../src/index.js";
import { foldStacks } from "../src/stack-tree.js";
import { batchOf, profileOf, profileOfBatches } from "./profile-of.js";

const METADATA = { command: ["python3", "app.py"], rate: 100, startTime: 0 };

/** A batch that goes on from the ids of `main;a 1`: one more frame of the same function below it. */
function continuation(): SampleBatch {
  const one = batchOf("main 1");
  return {
    ...one,
    functions: [],
    frames: { ...one.frames, function: Int32Array.of(1), line: Int32Array.of(9) },
    nodes: { parent: Int32Array.of(1), frame: Int32Array.of(2) },
    processes: [],
    threads: [],
    samples: { ...one.samples, node: Int32Array.of(2), time: Float64Array.of(5e6) },
  };
}

describe("a profile", () => {
  test("holds what its batches described and sampled", () => {
    const builder = new ProfileBuilder(METADATA);
    builder.add(batchOf("main;a 1"));
    builder.add(continuation());
    const profile = builder.finish();
    expect(profile.functions.map(({ name }) => name)).toEqual(["main", "a"]);
    expect(profile.frames.function).toEqual(Int32Array.of(0, 1, 1));
    expect(profile.frames.line).toEqual(Int32Array.of(0, 0, 9));
    expect(profile.nodes).toEqual({ parent: Int32Array.of(-1, 0, 1), frame: Int32Array.of(0, 1, 2) });
    expect(profile.threads.map(({ tid }) => tid)).toEqual([41]);
    expect(Array.from(profile.batches(), ({ node }) => Array.from(node))).toEqual([[1], [2]]);
    expect(profile.duration).toBe(5e6);
    expect(profile.counters).toMatchObject({ scheduled: 2, good: 2, missed: 0 });
  });

  test("can be read more than once", () => {
    const profile = profileOf("main 2");
    expect([...profile.batches()]).toEqual([...profile.batches()]);
  });

  test("does not change when its builder goes on", () => {
    const builder = new ProfileBuilder(METADATA);
    builder.add(batchOf("main;a 1"));
    const early = builder.finish();
    builder.add(continuation());
    expect(early.frames.function.length).toBe(2);
    expect([...early.batches()].length).toBe(1);
    expect(writeCollapsed(foldStacks(early))).toBe("main;a 1\n");
  });

  test("lasts as long as it is told, where the last sample does not tell", () => {
    expect(new ProfileBuilder(METADATA).finish(3e9).duration).toBe(3e9);
    expect(new ProfileBuilder(METADATA).finish().duration).toBe(0);
  });

  test("knows things again after ids have started over", () => {
    const profile = profileOfBatches(
      batchOf("main;a 1\nmain;b 1"),
      batchOf("other;b 1\nmain;b 2"),
      batchOf("main;a 1", { thread: { name: "Worker" } }),
    );
    expect(profile.functions.map(({ name }) => name)).toEqual(["main", "a", "b", "other"]);
    expect(profile.processes.length).toBe(1);
    expect(profile.threads.map(({ name }) => name)).toEqual(["MainThread", "Worker"]);
    expect(writeCollapsed(foldStacks(profile))).toBe("main;a 2\nmain;b 3\nother;b 1\n");
  });
});

describe("an invalid batch", () => {
  const valid = batchOf("main;a 2");
  const cases: readonly [
    name: string,
    part: string,
    index: number | undefined,
    change: Partial<SampleBatch>,
  ][] = [
    [
      "columns of unequal length",
      "frames.line",
      undefined,
      { frames: { ...valid.frames, line: new Int32Array(1) } },
    ],
    [
      "a frame of no function",
      "frames.function",
      1,
      { frames: { ...valid.frames, function: Int32Array.of(0, 2) } },
    ],
    ["a node of no frame", "nodes.frame", 0, { nodes: { ...valid.nodes, frame: Int32Array.of(-1, 0) } }],
    [
      "a parent after its child",
      "nodes.parent",
      0,
      { nodes: { ...valid.nodes, parent: Int32Array.of(1, -1) } },
    ],
    [
      "a node that is its own parent",
      "nodes.parent",
      1,
      { nodes: { ...valid.nodes, parent: Int32Array.of(-1, 1) } },
    ],
    [
      "a process that started itself",
      "processes.parent",
      0,
      { processes: [{ pid: 1, startTime: 1, commandLine: [], parent: 0 }] },
    ],
    [
      "a thread of no process",
      "threads.process",
      0,
      { threads: [{ process: 1, tid: 1, pythonId: 0, name: "", interpreter: 0 }] },
    ],
    [
      "a sample of no thread",
      "samples.thread",
      1,
      { samples: { ...valid.samples, thread: Int32Array.of(0, 1) } },
    ],
    [
      "a sample of no stack",
      "samples.node",
      0,
      { samples: { ...valid.samples, node: Int32Array.of(-2, 0) } },
    ],
    [
      "a sample at no time",
      "samples.time",
      1,
      { samples: { ...valid.samples, time: Float64Array.of(0, Number.NaN) } },
    ],
    [
      "ids of before a reset",
      "samples.thread",
      0,
      {
        ...continuation(),
        nodes: { parent: new Int32Array(0), frame: new Int32Array(0) },
        frames: emptyFrames(),
        reset: true,
      },
    ],
  ];

  test.each(cases)("with %s is refused and leaves the profile as it was", (_, part, index, change) => {
    const builder = new ProfileBuilder(METADATA);
    builder.add(batchOf("main;a 1"));
    const before = builder.finish();
    const isContinuation = change.reset === true;
    const batch: SampleBatch = isContinuation
      ? { ...valid, ...change }
      : { ...valid, ...change, reset: true };
    const error = thrownBy(() => builder.add(batch));
    expect(error).toMatchObject({ code: "invalid-batch", part, index });
    expect(error.message).toMatch(/^Cannot add the batch to the profile: \S+ .*[^.]$/);
    expect(builder.finish()).toEqual({ ...before, batches: expect.any(Function) });
    builder.add(continuation());
    expect(writeCollapsed(foldStacks(builder.finish()))).toBe("main;a 1\nmain;a;a 1\n");
  });

  function emptyFrames() {
    const none = new Int32Array(0);
    return { function: none, line: none, column: none, endLine: none, endColumn: none };
  }
});

function thrownBy(action: () => void): ProfileError {
  try {
    action();
  } catch (error) {
    if (isProfileError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
