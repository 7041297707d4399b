import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  foldStacks,
  type Profile,
  type ProfileFormatName,
  profileFormats,
  readProfile,
  summarize,
} from "../../src/index.js";
import { printableName } from "../../src/printable-text.js";
import { batchOfStacks, profileOf, profileOfBatches } from "../profile-of.js";
import { anyStacks } from "./any-stacks.js";
import { type ReadStack, readers, written } from "./readers.js";

/** Every sample stands for an interval: as long as the times between them, so that traces have the same sums. */
const SPAN = 1e7;

function measured(stacks: Parameters<typeof batchOfStacks>[0], thread: string): Profile {
  const batches = [thread, "another"].map((name, index) => {
    const batch = batchOfStacks(stacks, { thread: { name, tid: 41 + index } });
    const time = batch.samples.time.map((_, row) => (row + 1) * SPAN);
    return { ...batch, samples: { ...batch.samples, time } };
  });
  return profileOfBatches(...batches);
}

/** What the samples of a profile are, without any code of the formats. */
function expectedStacks(profile: Profile, nameOf: (name: string) => string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { node } of profile.batches()) {
    for (const leaf of node) {
      const names: string[] = [];
      for (let at = leaf; at !== -1; at = profile.nodes.parent[at] ?? -1) {
        names.push(
          nameOf(profile.functions[profile.frames.function[profile.nodes.frame[at] ?? 0] ?? 0]?.name ?? ""),
        );
      }
      const key = JSON.stringify(names.length === 0 ? ["<no frames>"] : names.reverse());
      sums.set(key, (sums.get(key) ?? 0) + 1);
    }
  }
  return sums;
}

function sumsOf(stacks: readonly ReadStack[], weight: "samples" | "nanoseconds"): Map<string, number> {
  const sums = new Map<string, number>();
  for (const stack of stacks) {
    const key = JSON.stringify(stack.names);
    if (stack[weight] !== undefined) sums.set(key, (sums.get(key) ?? 0) + stack[weight]);
  }
  return sums;
}

const names = Object.keys(readers) as ProfileFormatName[];
const weightsOf = {
  samples: ["pprof", "firefox", "otlp", "jsonl"],
  nanoseconds: ["pprof", "speedscope", "otlp", "jsonl", "chrometrace"],
} as const;

describe.each(weightsOf.samples)("%s", (format) => {
  test("has all samples of any names in their stacks", async () => {
    await fc.assert(
      fc.asyncProperty(anyStacks, fc.string({ unit: "binary" }), async (stacks, thread) => {
        const profile = measured(stacks, thread);
        const read = readers[format]?.(await written(format, profile)) ?? [];
        expect(sumsOf(read, "samples")).toEqual(expectedStacks(profile, printableName));
      }),
      { numRuns: 50 },
    );
  });
});

describe.each(weightsOf.nanoseconds)("%s", (format) => {
  test("has the time of all samples of any names in their stacks", async () => {
    await fc.assert(
      fc.asyncProperty(anyStacks, fc.string({ unit: "binary" }), async (stacks, thread) => {
        const profile = measured(stacks, thread);
        const sums = sumsOf(readers[format]?.(await written(format, profile)) ?? [], "nanoseconds");
        const expected = expectedStacks(profile, printableName);
        expect(new Set(sums.keys())).toEqual(new Set(expected.keys()));
        for (const [stack, samples] of expected)
          expect((sums.get(stack) ?? 0) / SPAN).toBeCloseTo(samples, 5);
      }),
      { numRuns: 50 },
    );
  });
});

/** Two threads of a process and one of another; of three points one was missed, and one thread slept in between. */
function withMissedPoints(): Profile {
  const parts = [
    { drawing: "main;work 40\nmain 7\n3", thread: { tid: 41 }, pid: 40 },
    { drawing: "run;work 9\nrun 8", thread: { tid: 42, name: "worker" }, pid: 40 },
    { drawing: "child;main;work 20\nchild 13", thread: { tid: 43 }, pid: 43 },
  ];
  const batches = parts.map(({ drawing, thread, pid }) => {
    const batch = batchOfStacks(
      drawing.split("\n").map((line) => ({
        names: line.includes(" ") ? line.slice(0, line.lastIndexOf(" ")).split(";") : [],
        samples: Number(line.slice(line.lastIndexOf(" ") + 1)),
      })),
      { thread },
    );
    let now = 0;
    const time = batch.samples.time.map(
      (_, row) => (now += row % 11 === 10 ? 5e9 : 1e6 + ((row * 7919) % 30) * 1e6),
    );
    const { taken } = batch.counters;
    return {
      ...batch,
      processes: batch.processes.map((process) => ({ ...process, pid })),
      samples: { ...batch.samples, time },
      counters: { ...batch.counters, scheduled: taken * 1.5, missed: taken * 0.5 },
    };
  });
  return profileOfBatches(...batches);
}

describe("of a profile with missed points and several threads and processes", () => {
  const profile = withMissedPoints();
  /** Of an interval of 10 ms and half of one that was missed. */
  const weight = 15e6;
  const samples = expectedStacks(profile, printableName);

  test.each(weightsOf.samples)("%s has every sample once", async (format) => {
    const read = readers[format]?.(await written(format, profile)) ?? [];
    expect(sumsOf(read, "samples")).toEqual(samples);
  });

  test.each(weightsOf.nanoseconds.filter((format) => format !== "chrometrace"))(
    "%s weighs all samples the same, and their sum is the time that has passed",
    async (format) => {
      const sums = sumsOf(readers[format]?.(await written(format, profile)) ?? [], "nanoseconds");
      expect(new Map([...sums].map(([stack, time]) => [stack, Math.round(time)]))).toEqual(
        new Map([...samples].map(([stack, count]) => [stack, count * weight])),
      );
    },
  );

  test("summaries, callgrind, raw and the flame graph have the same totals", async () => {
    const text = async (format: ProfileFormatName) => (await written(format, profile)).toString();
    const summary = JSON.parse(await text("json"));
    expect([summary.samples, summary.time]).toEqual([100, 100 * weight]);
    for (const { self, selfTime, total, totalTime } of summary.functions)
      expect([selfTime, totalTime]).toEqual([self * weight, total * weight]);
    expect(await text("callgrind")).toContain(`summary: 100 ${100 * weight}\n`);
    expect(await text("raw")).toContain("main;work 40\n");
    expect(await text("table")).toContain("100 samples · ");
    expect(foldStacks(profile).samples).toBe(100);
  });

  test.each(["raw", "speedscope", "pprof", "pyspy"] as const)("%s is read back the same", async (format) => {
    const read = await readProfile(await written(format, profile));
    const { samples, time, functions } = summarize(read);
    expect([samples, Math.round(time)]).toEqual([100, format === "raw" ? 1e9 : 100 * weight]);
    expect(functions.map(({ name, self, total }) => [name, self, total])).toEqual(
      summarize(profile).functions.map(({ name, self, total }) => [name, self, total]),
    );
  });
});

test.each(Object.keys(profileFormats) as ProfileFormatName[])(
  "%s of nothing is a valid file",
  async (format) => {
    const nothing = profileOfBatches();
    for (const profile of [nothing, profileOf("")]) {
      const file = await written(format, profile);
      expect(readers[format]?.(file) ?? []).toEqual([]);
      if (format !== "raw") expect(file.length).toBeGreaterThan(0);
    }
  },
);

test.each(names)("%s leaves out torn samples, unless they are asked for", async (format) => {
  const profile = profileOf("main 3", { state: 16 });
  expect(readers[format]?.(await written(format, profile))).toEqual([]);
  expect(readers[format]?.(await written(format, profile, { include: () => true }))).not.toEqual([]);
});

test.each(names)("%s manages a stack 5,000 deep", async (format) => {
  const profile = profileOfBatches(batchOfStacks([{ names: Array(5_000).fill("f"), samples: 1 }]));
  expect(readers[format]?.(await written(format, profile)).at(-1)?.names.length).toBe(5_000);
});
