import { type Profile, ProfileBuilder, type SampleBatch, type ThreadRecord } from "../src/index.js";

/** What a batch drawn as text may have beside its stacks. */
export interface BatchSettings {
  /** State bits of every sample. */
  readonly state?: number;
  readonly thread?: Partial<ThreadRecord>;
}

/**
 * The batch of stacks drawn as text, one a line, from the outermost frame to the innermost, then how many samples:
 *
 *     main;load@/srv/app.py:12 3
 *     main;save 2
 *
 * A frame is `name` or `name@file:line`. An empty stack is written as a line with nothing but the number.
 * Every function begins on line 1, and samples are a millisecond apart.
 */
export function batchOf(drawing: string, { state = 1, thread = {} }: BatchSettings = {}): SampleBatch {
  const stacks = drawing
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const text = line.trim();
      const space = text.lastIndexOf(" ");
      return {
        names: space === -1 ? [] : text.slice(0, space).split(";"),
        samples: Number(text.slice(space + 1)),
      };
    });
  return batchOfStacks(stacks, { state, thread });
}

/** As {@link batchOf}, for names that a drawing cannot hold. */
export function batchOfStacks(
  stacks: readonly { names: readonly string[]; samples: number }[],
  { state = 1, thread = {} }: BatchSettings = {},
): SampleBatch {
  const functions = numbering();
  const frames = numbering();
  const nodes = numbering();
  const leaves: number[] = [];
  for (const { names, samples } of stacks) {
    let node = -1;
    for (const name of names) {
      const [, functionName = name, file = "", line = "0"] = /^(.*)@(.*):(\d+)$/s.exec(name) ?? [];
      const frame = frames.of([functions.of([functionName, file]), Number(line)]);
      node = nodes.of([node, frame]);
    }
    for (let sample = 0; sample < samples; sample++) leaves.push(node);
  }
  const column = (table: Numbering, at: number) =>
    Int32Array.from(table.values, (value) => Number(value[at]));
  const zeros = new Int32Array(frames.values.length);
  return {
    functions: functions.values.map(([name, file]) => ({
      name: String(name),
      qualname: `Class.${name}`,
      file: String(file),
      module: "",
      firstLine: 1,
      kind: "python",
    })),
    frames: {
      function: column(frames, 0),
      line: column(frames, 1),
      column: zeros,
      endLine: zeros,
      endColumn: zeros,
    },
    nodes: { parent: column(nodes, 0), frame: column(nodes, 1) },
    processes: [{ pid: 40, startTime: 1, commandLine: ["python3", "app.py"], parent: -1 }],
    threads: [{ process: 0, tid: 41, pythonId: 7, name: "MainThread", interpreter: 0, ...thread }],
    samples: {
      time: Float64Array.from(leaves, (_, index) => index * 1e6),
      thread: new Int32Array(leaves.length),
      node: Int32Array.from(leaves),
      state: new Uint8Array(leaves.length).fill(state),
      cpu: new Float64Array(leaves.length).fill(-1),
    },
    counters: {
      scheduled: leaves.length,
      taken: leaves.length,
      missed: 0,
      attempted: leaves.length,
      good: leaves.length,
      torn: 0,
      unreadable: 0,
    },
  };
}

/** The profile of one batch drawn as text. */
export function profileOf(drawing: string, settings: BatchSettings = {}): Profile {
  return profileOfBatches(batchOf(drawing, settings));
}

/** The profile of batches, each of which numbers its ids anew. */
export function profileOfBatches(...batches: readonly SampleBatch[]): Profile {
  const builder = new ProfileBuilder({
    command: ["python3", "app.py"],
    rate: 100,
    startTime: 1_700_000_000_000,
  });
  for (const batch of batches) builder.add({ ...batch, reset: true });
  return builder.finish();
}

interface Numbering {
  readonly values: (readonly (string | number)[])[];
  of(value: readonly (string | number)[]): number;
}

function numbering(): Numbering {
  const ids = new Map<string, number>();
  const values: (readonly (string | number)[])[] = [];
  return {
    values,
    of(value) {
      const key = JSON.stringify(value);
      const id = ids.get(key) ?? values.push(value) - 1;
      ids.set(key, id);
      return id;
    },
  };
}
