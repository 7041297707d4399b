import { expect, test } from "vitest";
import { ProfileBuilder, type SampleBatch } from "../../src/index.js";
import { batchOf, profileOf } from "../profile-of.js";
import { decodeOtlp, decodePprof, validSpeedscope, written } from "./readers.js";

/** `main` calls `work`; the thread sleeps from 20 ms to 520 ms. Intervals are 10 ms. */
function sleeper(changes: Partial<SampleBatch["samples"]> = {}, startTime = 1_700_000_000_000) {
  const batch = batchOf(
    "main@/srv/app.py:9 1\nmain@/srv/app.py:9;work@/srv/app.py:3 2\nmain@/srv/app.py:8 1",
  );
  const builder = new ProfileBuilder({
    command: ["python3", "app.py"],
    rate: 100,
    startTime,
    versions: { pyspy: "1.2.3" },
  });
  const time = Float64Array.of(10e6, 20e6, 520e6, 530e6);
  builder.add({ ...batch, samples: { ...batch.samples, time, ...changes } });
  return builder.finish(600e6);
}

const CPU = Float64Array.of(-1, 8e6, 1e6, 9e6);

test("speedscope: a profile for each thread, weighed in seconds, the frames of a function together", async () => {
  expect(validSpeedscope(await written("speedscope", sleeper()))).toEqual({
    $schema: "https://www.speedscope.app/file-format-schema.json",
    exporter: "pyspy@1.2.3",
    name: "python3 app.py",
    activeProfileIndex: 0,
    shared: {
      frames: [
        { name: "main", file: "/srv/app.py", line: 9 },
        { name: "work", file: "/srv/app.py", line: 3 },
        { name: "main", file: "/srv/app.py", line: 8 },
      ],
    },
    profiles: [
      {
        type: "sampled",
        name: 'Thread 41 "MainThread"',
        unit: "seconds",
        startValue: 0,
        endValue: 0.04,
        // Both samples of `main;work` are one.
        samples: [[0], [0, 1], [2]],
        weights: [0.01, 0.02, 0.01],
      },
    ],
  });
});

test("chrometrace: names, calls that go on, and nothing open while a thread slept", async () => {
  const events = JSON.parse((await written("chrometrace", sleeper())).toString());
  expect(events.map(({ ph, name, ts, args }: Record<string, unknown>) => [ph, name, ts ?? args])).toEqual([
    ["M", "process_name", { name: "python3 app.py" }],
    ["M", "thread_name", { name: "MainThread" }],
    ["B", "main", 10000],
    ["B", "work", 20000],
    ["E", "work", 30000],
    ["E", "main", 30000],
    ["B", "main", 520000],
    ["B", "work", 520000],
    // From line 9 to line 8 it is the same call.
    ["E", "work", 530000],
    ["E", "main", 540000],
  ]);
  expect(events[2]).toMatchObject({
    cat: "pyspy",
    pid: 40,
    tid: 41,
    args: { filename: "/srv/app.py", line: 9 },
  });
});

test("firefox: a thread that slept has no stack", async () => {
  const { meta, threads } = JSON.parse((await written("firefox", sleeper({ cpu: CPU }))).toString());
  expect(meta).toMatchObject({ interval: 10, startTime: 1_700_000_000_000, importedFrom: "pyspy 1.2.3" });
  expect(threads[0]).toMatchObject({ name: "MainThread", pid: "40", tid: 41, isMainThread: false });
  expect(threads[0].samples).toEqual({
    length: 5,
    weightType: "samples",
    stack: [0, 1, null, 1, 2],
    timeDeltas: [10, 10, 10, 490, 10],
    weight: null,
    threadCPUDelta: [0, 8e6, 0, 1e6, 9e6],
  });
});

test("pprof: processor time where it was measured, labels, period and duration", async () => {
  const {
    string_table: strings,
    sample,
    sample_type: types,
    ...profile
  } = decodePprof(await written("pprof", sleeper({ cpu: CPU })));
  const names = types.map(
    ({ type, unit }: { type: number; unit: number }) => `${strings[type]} ${strings[unit]}`,
  );
  expect(names).toEqual(["samples count", "wall nanoseconds", "cpu nanoseconds"]);
  expect(sample.map(({ value }: { value: number[] }) => value)).toEqual([
    [1, 10e6, 0],
    [2, 20e6, 9e6],
    [1, 10e6, 9e6],
  ]);
  const labels = sample[0].label.map(({ key, str, num }: Record<string, number>) => [
    strings[key ?? 0],
    str === 0 ? num : strings[str ?? 0],
  ]);
  expect(labels).toEqual([
    ["thread", "MainThread"],
    ["thread_id", 41],
    ["pid", 40],
  ]);
  expect(profile).toMatchObject({ time_nanos: 1.7e18, duration_nanos: 6e8, period: 1e7 });
  expect(strings[profile.default_sample_type]).toBe("wall");
  expect(profile.comment.map((index: number) => strings[index])).toEqual(["pyspy 1.2.3", "python3 app.py"]);
  expect(profile.mapping).toMatchObject([
    { id: 1, has_functions: true, has_filenames: true, has_line_numbers: true },
  ]);
});

test("OTLP: a resource for each process, and attributes of threads", async () => {
  const { resource_profiles: resources, dictionary } = decodeOtlp(await written("otlp", sleeper()));
  const { attributes } = resources[0].resource;
  expect(attributes.map(({ key }: { key: string }) => key)).toEqual([
    "service.name",
    "telemetry.sdk.name",
    "process.pid",
    "process.command_line",
  ]);
  const [profile] = resources[0].scope_profiles[0].profiles;
  const values = profile.samples[0].attribute_indices.map((index: number) => {
    const { key_strindex: key, value } = dictionary.attribute_table[index];
    return [dictionary.string_table[key], value.string_value ?? value.int_value];
  });
  expect(values).toEqual([
    ["thread.id", 41],
    ["thread.name", "MainThread"],
  ]);
  expect(profile).toMatchObject({ duration_nano: 6e8, period: 1e7 });
});

test("rows that stand for several samples count as such", async () => {
  const count = Float64Array.of(5, 1, 1, 0.5);
  const profile = sleeper({ count });
  const { threads } = JSON.parse((await written("firefox", profile)).toString());
  expect(threads[0].samples.weight.reduce((sum: number, weight: number) => sum + weight)).toBe(7.5);
  expect((await written("raw", profile)).toString()).toBe(
    "main (app.py:8) 0.5\nmain (app.py:9) 5\nmain (app.py:9);work (app.py:3) 2\n",
  );
});

const RECURSIVE = profileOf(`
  main@/srv/app.py:9;work@/srv/app.py:3;leaf|@/srv/lib.py:2 12
  main@/srv/app.py:9;work@/srv/app.py:4;work@/srv/app.py:4 5
  main@/srv/app.py:8 3
`);

test("a summary tells the rate that was reached where points were missed", async () => {
  const counters = { ...RECURSIVE.counters, scheduled: 30, taken: 20, missed: 10 };
  const late = { ...RECURSIVE, counters };
  const timed = { ...late, metadata: { ...late.metadata, sampling: { rate: 64.25 } } };
  for (const [profile, rate] of [
    [late, "66.7"],
    [timed, "64.3"],
  ] as const) {
    const facts = `20 samples · 0.02 s · ${rate} a second (100 asked for) · `;
    for (const format of ["table", "markdown", "flamegraph"] as const) {
      expect((await written(format, profile)).toString()).toContain(facts);
    }
    expect(JSON.parse((await written("json", profile)).toString()).rate).toBeCloseTo(Number(rate), 1);
  }
});

test("the summaries count a recursive function once a sample", async () => {
  expect((await written("table", RECURSIVE, { top: 2 })).toString()).toBe(`python3 app.py
20 samples · 0.02 s · 100 a second · 0.20 s of threads

    self           total          function
      12  60.0%        12  60.0%   leaf| (lib.py:1)
       5  25.0%        17  85.0%   work (app.py:1)

1 more functions
`);
  expect((await written("markdown", RECURSIVE, { top: 1 })).toString()).toBe(`# Profile of \`python3 app.py\`

20 samples · 0.02 s · 100 a second · 0.20 s of threads

| self | | total | | function |
| ---: | ---: | ---: | ---: | :--- |
| 12 | 60.0% | 12 | 60.0% | \`leaf\\| (lib.py:1)\` |

2 more functions.

| samples | | thread |
| ---: | ---: | :--- |
| 20 | 100.0% | \`process 40 thread 41 MainThread\` |

Of 20 points of the schedule 0 were missed; of 20 stacks 0 were torn and 0 unreadable.
`);
  const summary = JSON.parse((await written("json", RECURSIVE, { top: 1 })).toString());
  expect(summary).toMatchObject({
    samples: 20,
    functionCount: 3,
    functions: [{ name: "leaf|", file: "/srv/lib.py", line: 1, self: 12, total: 12 }],
    threads: [{ pid: 40, id: 41, name: "MainThread", samples: 20 }],
  });
});

test("a code span of Markdown holds any name", async () => {
  const text = (await written("markdown", profileOf("a`b``c|d 1"))).toString();
  expect(text).toContain("| ``` a`b``c\\|d ``` |");
});
