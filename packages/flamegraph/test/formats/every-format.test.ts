import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  foldStacks,
  type Profile,
  type ProfileFormatName,
  profileFormats,
  readRecording,
} from "../../src/index.js";
import { printableName } from "../../src/printable-text.js";
import { batchOfStacks, profileOf, profileOfBatches } from "../profile-of.js";
import { anyStacks } from "./any-stacks.js";
import { type ReadStack, readers, written } from "./readers.js";

/** Every sample stands for two milliseconds. */
const SPAN = 2e6;

function measured(stacks: Parameters<typeof batchOfStacks>[0], thread: string): Profile {
  const batches = [thread, "another"].map((name, index) => {
    const batch = batchOfStacks(stacks, { thread: { name, tid: 41 + index } });
    const time = batch.samples.time.map((_, row) => (row + 1) * SPAN);
    return { ...batch, samples: { ...batch.samples, time, span: time.map(() => SPAN) } };
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

test("all formats have the same totals, of random times too", async () => {
  const drawing = "main;work 40\nmain 7\n3\nother;main;work 5";
  const batch = batchOfStacks(
    drawing.split("\n").map((line) => ({
      names: line.includes(" ") ? line.slice(0, line.lastIndexOf(" ")).split(";") : [],
      samples: Number(line.slice(line.lastIndexOf(" ") + 1)),
    })),
  );
  // Intervals of up to 30 ms at 100 a second, and gaps in which the thread slept.
  let now = 0;
  const time = batch.samples.time.map(
    (_, row) => (now += row % 11 === 10 ? 5e9 : 1e6 + ((row * 7919) % 30) * 1e6),
  );
  const profile = profileOfBatches({ ...batch, samples: { ...batch.samples, time } });
  const totals: Record<string, number[]> = { samples: [], seconds: [] };
  for (const format of names) {
    const read = readers[format]?.(await written(format, profile)) ?? [];
    const samples = read.reduce((sum, stack) => sum + (stack.samples ?? 0), 0);
    const nanoseconds = read.reduce((sum, stack) => sum + (stack.nanoseconds ?? 0), 0);
    if (samples > 0) totals["samples"]?.push(samples);
    if (nanoseconds > 0) totals["seconds"]?.push(Math.round(nanoseconds) / 1e9);
  }
  const summary = JSON.parse((await written("json", profile)).toString());
  expect(totals["samples"]).toEqual(Array(5).fill(55));
  expect(totals["seconds"]).toEqual(Array(5).fill(summary.time / 1e9));
  expect(summary.samples).toBe(55);
  expect(foldStacks(readRecording(await written("pyspy", profile)).profile()).samples).toBe(55);
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
