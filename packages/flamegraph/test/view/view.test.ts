import { describe, expect, test } from "vitest";
import {
  BatchFilter,
  type BatchSelection,
  countSamples,
  foldStacks,
  mergeProfiles,
  type Profile,
  ProfileBuilder,
  SampleState,
  sampleViews,
  selectSamples,
  summarize,
  writeCollapsed,
} from "../../src/index.js";
import { readers, written } from "../formats/readers.js";
import { batchOf, profileOf, profileOfBatches } from "../profile-of.js";

const DRAWING = `
  main@/srv/app.py:9;work@/srv/app.py:3 3
  main@/srv/app.py:9;dumps@/lib/site-packages/json.py:4 2
  idle@/srv/idle.py:1 1
`;

function collapsed(profile: Profile): string {
  return writeCollapsed(foldStacks(profile, { lines: "none" }));
}

describe("selecting samples", () => {
  const profile = profileOf(DRAWING);
  const work = "main (app.py);work (app.py) 3\n";
  const json = "main (app.py);dumps (json.py) 2\n";
  const idle = "idle (idle.py) 1\n";

  test.each([
    ["nothing selects everything", {}, idle + json + work],
    ["a function", { include: /^work$/ }, work],
    ["a caller", { include: /^main$/ }, json + work],
    ["any of several", { include: [/^dumps$/, /(WORK)/i] }, json + work],
    ["a qualified name", { include: /Class\.dumps/ }, json],
    ["a file", { include: /site-packages/ }, json],
    ["a thread", { include: /MainThread/ }, idle + json + work],
    ["all but a file", { exclude: /site-packages/ }, idle + work],
    ["all but a function", { include: /main/, exclude: /work/g }, json],
    ["all but a thread", { exclude: /MainThread/ }, ""],
    ["a time", { from: 3e6, until: 5e6 }, json],
    ["the end", { from: 4e6 }, "idle (idle.py) 1\nmain (app.py);dumps (json.py) 1\n"],
    ["a state", { states: (state: number) => state !== 1 }, ""],
  ])("by %s", (_, selection, expected) => {
    expect(collapsed(selectSamples(profile, selection))).toBe(expected);
  });

  const selections: [string, BatchSelection, string][] = [
    ["nothing", {}, idle + json + work],
    ["a function", { include: /^work$/g }, work],
    ["all but a file", { exclude: /site-packages/ }, idle + work],
    ["a thread's name", { include: /MainThread/ }, idle + json + work],
    ["a state", { states: (state) => state !== 1 }, ""],
    [
      "threads",
      { threads: ({ name }, process) => name === "MainThread" && process?.pid !== 1 },
      idle + json + work,
    ],
    ["no threads", { threads: () => false }, ""],
  ];

  test.each(selections)("of a stream, by %s", (_, selection, expected) => {
    const { counters, samples, ...described } = batchOf(DRAWING);
    const nothing = batchOf("");
    const filter = new BatchFilter(selection, 100);
    const batches = [
      { ...described, samples: nothing.samples, counters: nothing.counters },
      { ...nothing, samples, counters },
      { ...described, samples, counters, reset: true as const },
    ];
    const builder = new ProfileBuilder({ command: [], rate: 100, startTime: 0 });
    for (const batch of batches) builder.add(filter.apply(batch));
    const filtered = builder.finish();
    const twice = expected.replace(/\d+$/gm, (count) => String(2 * Number(count)));
    expect(collapsed(filtered)).toBe(twice);
    expect(filtered.counters.attempted).toBe(2 * counters.attempted);
  });

  test("of a stream leaves to samples the time that they stand for", () => {
    const batch = batchOf("a 1\nb 1\na 1\nb 1");
    const filter = new BatchFilter({ include: /^b$/ }, 1000);
    const time = Float64Array.of(1e6, 4e6, 30e6, 32e6);
    const { samples } = filter.apply({ ...batch, samples: { ...batch.samples, time } });
    expect([...samples.time]).toEqual([4e6, 32e6]);
    expect([...(samples.span ?? [])]).toEqual([3e6, 2e6]);
  });

  test.each([
    ["wall", [0, 1, 3, 4]],
    ["cpu", [1, 3]],
    ["gil", [3]],
    ["idle", [0, 4]],
  ] as const)("by what threads did: %s", (view, expected) => {
    const batch = batchOf("main 4");
    const { active, holdsGil, wantsGil } = SampleState;
    const state = Uint8Array.of(0, active, active | holdsGil, wantsGil);
    const all = profileOfBatches({ ...batch, samples: { ...batch.samples, state } });
    const parts = [...selectSamples(all, { states: sampleViews[view] }).batches()];
    const left = parts.flatMap(({ state }) => [...state]);
    expect(left).toEqual(expected);
    expect(countSamples(all, { include: sampleViews[view] })).toBe(expected.length);
  });

  test("keeps what samples weigh", () => {
    const times = [
      profile,
      selectSamples(profile, { exclude: /work/ }),
      selectSamples(profile, { include: /work/ }),
    ];
    expect(times.map((part) => summarize(part).time)).toEqual([60e6, 30e6, 30e6]);
  });

  test("matches deep stacks and none", () => {
    expect(collapsed(selectSamples(profileOf("3"), { include: /x/ }))).toBe("");
    expect(collapsed(selectSamples(profileOf("3"), { exclude: /x/ }))).toBe("<no frames> 3\n");
  });
});

describe("merging profiles", () => {
  const builtAt = (startTime: number, drawing: string, rate = 100) => {
    const builder = new ProfileBuilder({
      command: ["python3"],
      rate,
      startTime,
      versions: { [`v${rate}`]: "1" },
    });
    builder.add(batchOf(drawing));
    return builder.finish();
  };

  test("equal stacks, threads and processes are one, and times are on one clock", () => {
    const merged = mergeProfiles([builtAt(2000, "main;work 2"), builtAt(1000, "main;work 1\nmain 1")]);
    expect(collapsed(merged)).toBe("main 1\nmain;work 3\n");
    expect([merged.threads.length, merged.processes.length, merged.nodes.frame.length]).toEqual([1, 1, 2]);
    expect([...merged.batches()].map(({ time }) => [...time])).toEqual([
      [0, 1e6],
      [1e9, 1.001e9],
    ]);
    expect(merged).toMatchObject({ duration: 1.001e9, counters: { good: 4 } });
    expect(merged.metadata).toEqual({
      command: ["python3"],
      rate: 100,
      startTime: 1000,
      versions: { v100: "1" },
    });
    expect(collapsed(merged)).toBe("main 1\nmain;work 3\n");
  });

  test.each(["chrometrace", "speedscope", "firefox", "pprof"] as const)(
    "%s has all samples of parts in any order",
    async (format) => {
      for (const starts of [
        [3000, 1000, 2000],
        [0, 0, 0],
      ]) {
        const merged = mergeProfiles(starts.map((start) => builtAt(start, "main;work 20\nmain 3")));
        const read = readers[format]?.(await written(format, merged)) ?? [];
        const sum = (values: readonly number[]) => Math.round(values.reduce((all, value) => all + value, 0));
        const time = sum(read.map(({ nanoseconds }) => (nanoseconds ?? 0) / 1e6));
        // A trace shows the time since the sample before: an interval for the first, then the millisecond between two.
        if (format === "chrometrace") expect(time).toBe(3 * 32);
        else if (format !== "firefox") expect(time).toBe(3 * 230);
        else expect(sum(read.map(({ samples }) => samples ?? 0))).toBe(3 * 23);
      }
    },
  );

  test("samples of different rates keep the time that they stand for", () => {
    const merged = mergeProfiles([builtAt(0, "main 1", 100), builtAt(0, "main 1", 1000)]);
    expect(merged.metadata).toMatchObject({ rate: 0, startTime: 0 });
    expect(summarize(merged).time).toBe(11e6);
    const again = mergeProfiles([merged, builtAt(0, "main 1", 10)]);
    expect(summarize(again).time).toBe(111e6);
  });

  test("of one profile is that profile, and of none is empty", () => {
    const profile = profileOf(DRAWING);
    expect(mergeProfiles([profile])).toBe(profile);
    expect(collapsed(mergeProfiles([]))).toBe("");
    expect(collapsed(mergeProfiles([profile, profileOfBatches()]))).toBe(collapsed(profile));
  });
});
