import { expect, it } from "vitest";
import { BatchBuilder } from "../../src/intern/batch-builder.js";
import { ROOT } from "../../src/intern/stack-trie.js";
import { Recording } from "../fixtures/recording.js";

function addFunction(builder: BatchBuilder, name: string): number {
  return builder.addFunction({
    name,
    qualname: name,
    file: "a.py",
    module: "",
    firstLine: 1,
    kind: "python",
  });
}

const thread = { process: 0, tid: 7, pythonId: 9, name: "", interpreter: 0 };

it("ids go on from batch to batch, and every batch has only what is new", () => {
  const builder = new BatchBuilder();
  expect(builder.addProcess({ pid: 7, startTime: 1, commandLine: ["python"], parent: -1 })).toBe(0);
  expect(builder.addThread(thread)).toBe(0);
  const main = builder.addFrame(addFunction(builder, "main"), 3, 1, 3, 9);
  const outer = builder.node(ROOT, main);
  builder.addSample(100, 0, outer, 1, -1);
  expect(builder.take()).toEqual({
    functions: [{ name: "main", qualname: "main", file: "a.py", module: "", firstLine: 1, kind: "python" }],
    frames: {
      function: Int32Array.of(0),
      line: Int32Array.of(3),
      column: Int32Array.of(1),
      endLine: Int32Array.of(3),
      endColumn: Int32Array.of(9),
    },
    nodes: { parent: Int32Array.of(-1), frame: Int32Array.of(0) },
    processes: [{ pid: 7, startTime: 1, commandLine: ["python"], parent: -1 }],
    threads: [thread],
    samples: {
      time: Float64Array.of(100),
      thread: Int32Array.of(0),
      node: Int32Array.of(0),
      state: Uint8Array.of(1),
      cpu: Float64Array.of(-1),
    },
    counters: { scheduled: 0, taken: 0, missed: 0, attempted: 0, good: 0, torn: 0, unreadable: 0 },
  });

  expect(builder.addThread(thread)).toBe(1);
  const leaf = builder.addFrame(addFunction(builder, "leaf"), 5, 0, 0, 0);
  builder.addSample(200, 1, builder.node(builder.node(ROOT, main), leaf), 0, -1);
  const second = builder.take();
  expect(second.functions.map(({ name }) => name)).toEqual(["leaf"]);
  expect(second.frames.function).toEqual(Int32Array.of(1));
  expect(second.nodes).toEqual({ parent: Int32Array.of(0), frame: Int32Array.of(1) });
  expect([second.processes, second.threads]).toEqual([[], [thread]]);
  expect([second.samples.node, second.samples.thread]).toEqual([Int32Array.of(1), Int32Array.of(1)]);
});

it("a parent is described before its children", () => {
  const builder = new BatchBuilder();
  const described: number[] = [];
  for (let round = 0; round < 50; round++) {
    let node = ROOT;
    for (let depth = 0; depth < 60; depth++) node = builder.node(node, (round * depth) % 7);
    if (round % 10 === 9) described.push(...builder.take().nodes.parent);
  }
  expect(described.length).toBeGreaterThan(400);
  expect(described.every((parent, node) => parent >= -1 && parent < node)).toBe(true);
});

it("counters are what was counted since the last batch", () => {
  const builder = new BatchBuilder();
  builder.counters.scheduled += 3;
  builder.counters.missed += 2;
  const first = builder.take().counters;
  builder.counters.scheduled += 1;
  expect([first.scheduled, first.missed]).toEqual([3, 2]);
  expect(builder.take().counters).toMatchObject({ scheduled: 1, missed: 0 });
  expect(builder.take().counters).toMatchObject({ scheduled: 0, missed: 0 });
  expect(first.scheduled).toBe(3);
});

it("tells how many samples wait", () => {
  const builder = new BatchBuilder();
  builder.addSample(1, 0, 0, 0, -1);
  builder.addSample(2, 0, 0, 0, -1);
  expect(builder.pendingSamples).toBe(2);
  builder.take();
  expect(builder.pendingSamples).toBe(0);
});

it("ids start over when many stacks have been described, and every stack is told right on both sides", () => {
  const builder = new BatchBuilder();
  builder.addProcess({ pid: 7, startTime: 1, commandLine: ["python"], parent: -1 });
  const recording = new Recording();
  const expected: string[] = [];
  let epoch = -1;
  let record = -1;
  let frames: readonly number[] = [];
  for (let sample = 0; sample < 3000; sample++) {
    if (builder.epoch !== epoch) {
      epoch = builder.epoch;
      record = builder.addThread(thread);
      frames = names.map((name) => builder.addFrame(addFunction(builder, name), 1, 0, 0, 0));
    }
    let node = ROOT;
    const stack: string[] = [];
    // The first frames spell the sample's number in base 3, so that nearly all nodes are new.
    for (let depth = 0; depth < 400; depth++) {
      const digit = depth < 12 ? Math.floor(sample / 3 ** depth) % 3 : 0;
      node = builder.node(node, frames[digit] ?? -1);
      stack.push(names[digit] ?? "");
    }
    builder.addSample(sample, record, node, 0, -1);
    expected.push(stack.join(";"));
    const batch = builder.take();
    if (batch.reset) expect(batch.processes).toHaveLength(1);
    recording.add(batch);
  }
  expect(recording.resets).toBe(2);
  expect(recording.samples.map(({ stack }) => stack.join(";"))).toEqual(expected);
});

const names = ["one", "two", "three"];
