import { describe, expect, test } from "vitest";
import {
  type FoldOptions,
  foldStacks,
  type Profile,
  ProfileBuilder,
  SampleState,
  type StackTree,
} from "../src/index.js";
import { batchOf, profileOf, profileOfBatches } from "./profile-of.js";

/** A tree as text: a line a node, indented by its depth, with its total and own samples. */
function drawingOf(tree: StackTree): string[] {
  const depths: number[] = [];
  return Array.from(tree.parent, (parent, node) => {
    const depth = parent === -1 ? 0 : (depths[parent] ?? 0) + 1;
    depths.push(depth);
    const text = tree.labels[tree.label[node] ?? -1]?.text;
    return `${"  ".repeat(depth)}${text} ${tree.total[node]} ${tree.self[node]}`;
  });
}

function fold(profile: Profile, options?: FoldOptions): string[] {
  return drawingOf(foldStacks(profile, options));
}

describe("folding", () => {
  test("merges stacks from the root on, depth first, siblings by name", () => {
    const profile = profileOf(`
      main;work;read 3
      main;idle 1
      start 2
      main;work 4
    `);
    expect(fold(profile)).toEqual(["main 8 0", "  idle 1 1", "  work 7 4", "    read 3 3", "start 2 2"]);
    expect(foldStacks(profile).samples).toBe(10);
  });

  test("does not depend on the order of the samples", () => {
    const lines = ["b;c 2", "a;b 1", "b 1", "a;c;b 5"];
    expect(fold(profileOf(lines.join("\n")))).toEqual(fold(profileOf(lines.reverse().join("\n"))));
  });

  test("keeps recursion as it was", () => {
    expect(fold(profileOf("f;f;f 1\nf 1"))).toEqual(["f 2 1", "  f 1 0", "    f 1 1"]);
  });

  test("manages stacks 100,000 deep", () => {
    const depth = 100_000;
    const batch = batchOf("f 1");
    const builder = new ProfileBuilder({ command: [], rate: 100, startTime: 0 });
    builder.add({
      ...batch,
      nodes: {
        parent: Int32Array.from({ length: depth }, (_, node) => node - 1),
        frame: new Int32Array(depth),
      },
      samples: { ...batch.samples, node: Int32Array.of(depth - 1) },
    });
    const tree = foldStacks(builder.finish());
    expect(tree.total).toEqual(new Float64Array(depth).fill(1));
    expect(tree.self.at(-1)).toBe(1);
  });

  test("counts a stack without frames as one of its own", () => {
    expect(fold(profileOf("main 1\n 2"))).toEqual(["<no frames> 2 2", "main 1 1"]);
    expect(fold(profileOf("2"), { threads: true })).toEqual([
      "thread (41): MainThread 2 0",
      "  <no frames> 2 2",
    ]);
  });

  test("of nothing is an empty tree", () => {
    expect(foldStacks(profileOf(""))).toMatchObject({ samples: 0, parent: new Int32Array(0), labels: [] });
  });
});

describe("labels", () => {
  const profile = profileOf("f@/srv/app.py:3 1\nf@/srv/app.py:5 1\nf@/srv/app.py:0 1\nf 1");

  test("tell the file and the line that ran", () => {
    expect(fold(profile)).toEqual(["f 1 1", "f (app.py) 1 1", "f (app.py:3) 1 1", "f (app.py:5) 1 1"]);
  });

  test("tell the line of the function, if asked for, and merge its lines", () => {
    expect(fold(profile, { lines: "function" })).toEqual(["f 1 1", "f (app.py:1) 3 3"]);
  });

  test("tell no lines, if asked for", () => {
    expect(fold(profile, { lines: "none" })).toEqual(["f 1 1", "f (app.py) 3 3"]);
  });

  test("tell the qualified name and the full path, if asked for", () => {
    const options: FoldOptions = { lines: "none", names: "qualname", shortenFile: ({ file }) => file };
    expect(fold(profile, options)).toEqual(["Class.f 1 1", "Class.f (/srv/app.py) 3 3"]);
  });
});

describe("threads and processes", () => {
  const profile = profileOfBatches(
    batchOf("main 2"),
    batchOf("main 1", { thread: { tid: 42, name: "" } }),
    batchOf("main 1", { thread: { tid: 0, pythonId: 77, name: "pool-1" } }),
  );

  test("are merged unless asked for", () => {
    expect(fold(profile)).toEqual(["main 4 4"]);
  });

  test("stand above their stacks", () => {
    expect(fold(profile, { threads: true })).toEqual([
      "thread (41): MainThread 2 0",
      "  main 2 2",
      "thread (42) 1 0",
      "  main 1 1",
      "thread (77): pool-1 1 0",
      "  main 1 1",
    ]);
    expect(fold(profile, { processes: true })).toEqual(['process 40:"python3 app.py" 4 0', "  main 4 4"]);
  });

  test("are one under the last name of each, also from before it had one", () => {
    const renamed = profileOfBatches(
      batchOf("main 1", { thread: { name: "" } }),
      batchOf("main 2", { thread: { name: "Thread-1" } }),
      batchOf("main 3", { thread: { name: "worker" } }),
      batchOf("main 4", { thread: { name: "" } }),
    );
    expect(fold(renamed, { threads: true })).toEqual(["thread (41): worker 10 0", "  main 10 10"]);
  });

  test("stand below the processes that started them", () => {
    const family = batchOf("main 1", { thread: { process: 1 } });
    const parent = { pid: 40, startTime: 1, commandLine: ["gunicorn"], parent: -1 };
    const child = { pid: 50, startTime: 2, commandLine: ["gunicorn"], parent: 0 };
    const options = { processes: true, threads: true };
    expect(fold(profileOfBatches({ ...family, processes: [parent, child] }), options)).toEqual([
      'process 40:"gunicorn" 1 0',
      '  process 50:"gunicorn" 1 0',
      "    thread (41): MainThread 1 0",
      "      main 1 1",
    ]);
  });
});

describe("filters", () => {
  const profile = profileOfBatches(
    batchOf("busy 1", { state: SampleState.active }),
    batchOf("locked 2", { state: SampleState.active | SampleState.holdsGil }),
    batchOf("torn 4", { state: SampleState.active | SampleState.torn }),
  );

  test("leave torn stacks out by default", () => {
    expect(fold(profile)).toEqual(["busy 1 1", "locked 2 2"]);
  });

  test("choose samples by their state", () => {
    expect(fold(profile, { include: (state) => (state & SampleState.holdsGil) !== 0 })).toEqual([
      "locked 2 2",
    ]);
    expect(fold(profile, { include: () => true, threads: true })).toHaveLength(4);
    expect(foldStacks(profile, { include: () => false, threads: true }).parent).toHaveLength(0);
  });
});
