import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  foldStacks,
  isProfileError,
  type Profile,
  type ProfileFormatName,
  readProfile,
  summarize,
  writeCollapsed,
} from "../../src/index.js";
import { anyStacks } from "../formats/any-stacks.js";
import { written } from "../formats/readers.js";
import { batchOfStacks, profileOf, profileOfBatches } from "../profile-of.js";
import { mojo } from "./mojo-file.js";
import { tachyon } from "./tachyon-file.js";

/** Collapsed stacks with threads, so that they are compared as well. */
function collapsed(profile: Profile): string {
  return writeCollapsed(
    foldStacks(profile, { threads: true, processes: true, shortenFile: ({ file }) => file }),
  );
}

function linesOf(text: string): string[] {
  return text.split("\n").sort();
}

/** Every sample stands for 10 ms, by what the profile says of its rate and by what was measured. */
function measured(profile: Profile): Profile {
  const batches = [...profile.batches()].map((batch) => ({ ...batch, span: batch.time.map(() => 1e7) }));
  return { ...profile, batches: () => batches };
}

const DRAWING = `
  main@/srv/app.py:9;work@/srv/app.py:3;leaf@<frozen x>:2 12
  main@/srv/app.py:9;work@/srv/app.py:4 5
  main@/srv/app.py:8 1
`;

describe.each(["pyspy", "speedscope", "pprof"] as const)("%s", (format) => {
  test("comes back with its frames, threads and weights", async () => {
    const profile = measured(profileOf(DRAWING));
    const back = await readProfile(await written(format, profile));
    // Neither knows the command of a process, and a speedscope file of a single process not even its number.
    const process = {
      pyspy: 'process 40:"python3 app.py"',
      pprof: 'process 40:""',
      speedscope: 'process 0:""',
    }[format];
    expect(collapsed(back)).toBe(collapsed(profile).replaceAll('process 40:"python3 app.py"', process));
    expect(summarize(back).time).toBeCloseTo(18e7);
    expect(back.counters).toMatchObject({ attempted: 18, good: 18 });
    expect(await readProfile(gzipSync(await written(format, profile))).then(collapsed, String)).toBe(
      format === "pprof"
        ? "ProfileError: Cannot read the gzip file: it is compressed twice"
        : collapsed(back),
    );
  });

  test("comes back with any names", async () => {
    await fc.assert(
      fc.asyncProperty(anyStacks, async (stacks) => {
        const profile = measured(measured(profileOfBatches(batchOfStacks(stacks))));
        const back = await readProfile(await written(format, profile));
        const names = (of: Profile) =>
          summarize(of)
            .functions.map(({ name, file, selfTime, totalTime }) =>
              [name, file, Math.round(selfTime), Math.round(totalTime)].join("\0"),
            )
            .sort();
        expect(names(back)).toEqual(names(profile));
      }),
      { numRuns: 50 },
    );
  });
});

test("collapsed stacks come back as they were", async () => {
  await fc.assert(
    fc.asyncProperty(anyStacks, async (stacks) => {
      const text = writeCollapsed(foldStacks(measured(profileOfBatches(batchOfStacks(stacks)))));
      // The parts of a label are taken apart and put together again.
      const back = await readProfile(Buffer.from(text));
      expect(foldStacks(back).samples).toBe(stacks.reduce((sum, { samples }) => sum + samples, 0));
      expect(linesOf(writeCollapsed(foldStacks(back)))).toEqual(linesOf(text));
    }),
  );
});

test("the lines of py-spy, Austin and CPython are taken apart", async () => {
  const pyspy = await readProfile(
    Buffer.from(
      'process 7:"python3 a b.py";thread (0x7F00): worker;<module> (flask/app.py:5);f (my (odd) dir/x.py:3) 4\n',
    ),
  );
  expect(pyspy.processes).toMatchObject([{ pid: 7, commandLine: ["python3 a b.py"] }]);
  expect(pyspy.threads).toMatchObject([{ pythonId: 0x7f00, name: "worker" }]);
  expect(pyspy.functions).toMatchObject([{ name: "<module>", file: "flask/app.py" }, { name: "f (my" }]);
  expect(writeCollapsed(foldStacks(pyspy))).toContain("<module> (flask/app.py:5)");

  const austin = await readProfile(
    Buffer.from("# austin: 3.7.0\n# interval: 100\nP7;T0:1f;/srv/a.py:main:3;/srv/a.py:f:9 2500\n\n"),
  );
  expect(collapsed(austin)).toBe('process 7:"";thread (31);main (/srv/a.py:3);f (/srv/a.py:9) 25\n');
  expect(summarize(austin).time).toBe(2.5e6);

  const cpython = await readProfile(Buffer.from("tid:41;<frozen runpy>:_run_code:87;busy.py:C.leaf:4 2\n"));
  expect(collapsed(cpython)).toBe(
    'process 0:"";thread (41);_run_code (<frozen runpy>:87);C.leaf (busy.py:4) 2\n',
  );
});

test("a speedscope file of events is what was open between them", async () => {
  const frames = ["a", "b"].map((name) => ({ name }));
  const events = [
    { type: "O", frame: 0, at: 5 },
    { type: "O", frame: 1, at: 6 },
    { type: "C", frame: 1, at: 9 },
    { type: "C", frame: 0, at: 9 },
    { type: "O", frame: 1, at: 20 },
    { type: "C", frame: 1, at: 21 },
  ];
  const profile = { type: "evented", name: "x", unit: "milliseconds", startValue: 5, endValue: 21, events };
  const read = await readProfile(Buffer.from(JSON.stringify({ shared: { frames }, profiles: [profile] })));
  expect(writeCollapsed(foldStacks(read))).toBe("a 1\na;b 3\nb 1\n");
  const times = [...read.batches()].flatMap(({ time }) => [...time]);
  expect(times).toEqual([1e6, 4e6, 16e6]);
});

test("weights that are not alike become milliseconds", async () => {
  const profile = {
    type: "sampled",
    name: "x",
    unit: "seconds",
    samples: [[0], [0, 0]],
    weights: [0.0105, 0.25],
  };
  const read = await readProfile(
    Buffer.from(JSON.stringify({ shared: { frames: [{ name: "a" }] }, profiles: [profile] })),
  );
  expect(writeCollapsed(foldStacks(read))).toBe("a 10.5\na;a 250\n");
});

test("MOJO of every version is read: frames and strings for each process, repeats, marks", async () => {
  for (const version of [1, 2, 3, 4]) {
    const profile = await readProfile(mojo(version));
    expect(profile.metadata).toMatchObject({ rate: 1000, versions: { python: "3.12.1", austin: "4.0.0" } });
    expect(collapsed(profile)).toBe(
      `process 40:"";thread (31);main (/srv/a.py:9);f (<unknown>:3) ${version === 4 ? 3 : 2}\n` +
        'process 41:"";thread (0): worker;main (/srv/b.py:1);do_syscall 4\n',
    );
  }
});

test("MOJO that was cut off gives the samples that are whole", async () => {
  const file = mojo(4);
  let last = 0;
  for (let length = 4; length <= file.length; length++) {
    const { samples } = summarize(await readProfile(file.subarray(0, length)));
    expect(samples).toBeGreaterThanOrEqual(last);
    last = samples;
  }
  expect(last).toBe(7);
});

test.each([
  ["plain", false, true],
  ["compressed", true, true],
  ["of the other byte order", false, false],
])("a binary file of profiling.sampling that is %s is read", async (_, compressed, littleEndian) => {
  const profile = await readProfile(tachyon({ compressed, littleEndian }));
  expect(profile.metadata).toMatchObject({ rate: 1000, versions: { python: "3.15.2" } });
  expect(collapsed(profile)).toBe(
    'process 0:"";thread (41);main (/srv/a.py:9) 1\n' +
      'process 0:"";thread (41);main (/srv/a.py:9);leaf (/srv/a.py:3) 4\n' +
      'process 0:"";thread (42);leaf (/srv/a.py:3) 1\n',
  );
  expect(profile.functions[1]).toMatchObject({ name: "leaf", qualname: "C.leaf" });
  const [samples] = profile.batches();
  expect(Array.from(samples?.time ?? [])).toEqual([1e6, 2e6, 3e6, 1e6, 4e6, 5e6]);
  expect(Array.from(samples?.state ?? [])).toEqual([3, 3, 2, 4, 3, 3]);
});

test.each([
  ["nothing of the kind", Buffer.from([0, 1, 2, 3]), "Cannot read the pprof file: "],
  ["text without counts", Buffer.from("hello\n"), "Cannot read the raw file: line 1 has no count"],
  ["other JSON", Buffer.from('{"events":[]}'), "Cannot read the speedscope file: shared is no object"],
  ["half a JSON", Buffer.from('{"shared":'), "Cannot read the speedscope file: it is not JSON"],
  [
    "half a gzip",
    gzipSync(Buffer.alloc(99, 7)).subarray(0, 20),
    "Cannot read the gzip file: it is damaged, cut off, or more than 1 GiB",
  ],
  [
    "a later MOJO",
    Buffer.from("MOJ\x09"),
    "Cannot read the MOJO file: it is of version 9, and only 1 to 4 are known here",
  ],
  [
    "half of a binary file",
    tachyon({}).subarray(0, 100),
    "Cannot read the profiling.sampling file: it was cut off, or its tables are not where it says",
  ],
])("%s is refused in one sentence", async (_, bytes, message) => {
  const error = await readProfile(bytes).catch((reason: unknown) => reason);
  expect(isProfileError(error) && [error.code, error.message]).toEqual([
    "invalid-file",
    expect.stringContaining(message),
  ]);
});

test("an empty file is a profile of nothing", async () => {
  expect(foldStacks(await readProfile(new Uint8Array(0))).samples).toBe(0);
});

const files: [string, () => Promise<Uint8Array>][] = [
  ...(["pyspy", "raw", "speedscope"] as ProfileFormatName[]).map(
    (format): [string, () => Promise<Uint8Array>] => [format, () => written(format, profileOf(DRAWING))],
  ),
  ["pprof", async () => (await import("node:zlib")).gunzipSync(await written("pprof", profileOf(DRAWING)))],
  ["MOJO", async () => mojo(4)],
  ["profiling.sampling", async () => tachyon({})],
  ["compressed profiling.sampling", async () => tachyon({ compressed: true })],
];

test.each(files)("any damage to a %s file gives a profile or a ProfileError", async (_, make) => {
  const bytes = await make();
  const change = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(change, fc.nat(bytes.length), async (changes, length) => {
      const damaged = new Uint8Array(bytes);
      for (const [at, byte] of changes) damaged[at] = byte;
      await profileOrError(length % 2 === 0 ? damaged : damaged.subarray(0, length));
    }),
    { numRuns: 1000 },
  );
});

test("any bytes give a profile or a ProfileError", async () => {
  const marks = ["", "MOJ\x04", "HCAT\x01\0\0\0", "{", "\xa5pyspy\x01", "\x0a", "\x12\x07"].map((text) =>
    Buffer.from(text, "latin1"),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...marks), fc.uint8Array({ maxLength: 200 }), async (mark, bytes) => {
      await profileOrError(Buffer.concat([mark, bytes]));
    }),
    { numRuns: 2000 },
  );
});

async function profileOrError(bytes: Uint8Array): Promise<void> {
  try {
    foldStacks(await readProfile(bytes));
  } catch (error) {
    if (!isProfileError(error) || error.code === "invalid-batch") throw error;
  }
}

test.each(["raw", "speedscope", "pprof"] as const)(
  "odd names come back through %s as they were shown",
  async (format) => {
    const stacks = [{ names: ["@fi;le\n\udcff name.py:3", "f@C:\\new\\run.py:4"], samples: 1 }];
    const profile = measured(profileOfBatches(batchOfStacks(stacks)));
    const shown = Buffer.from(await written("raw", profile)).toString();
    expect(shown).toBe("<unnamed> (fi:le\\n\\udcff name.py:3);f (run.py:4) 1\n");
    const back = await readProfile(await written(format, profile));
    expect(Buffer.from(await written("raw", back)).toString()).toBe(shown);
  },
);

describe("a file that is only written", () => {
  const kinds: Partial<Record<ProfileFormatName, string>> = {
    flamegraph: "an SVG",
    chrometrace: "a Chrome trace",
    firefox: "a profile for the Firefox Profiler",
    callgrind: "a file for callgrind",
    pstats: "a file for pstats",
    otlp: "an OpenTelemetry profile",
    jsonl: "a list of samples as JSON lines",
    json: "a summary of a profile",
    table: "a summary of a profile",
    markdown: "a summary of a profile",
  };
  const refusal = (what: string) => ({
    code: "written-only",
    part: what,
    message: `Cannot read the file: it is ${what}, which can only be written`,
  });

  test.each(Object.entries(kinds) as [ProfileFormatName, string][])(
    "%s is called %s",
    async (format, what) => {
      const bytes = await written(format, profileOf(DRAWING));
      await expect(readProfile(bytes)).rejects.toMatchObject(refusal(what));
      await expect(readProfile(gzipSync(bytes))).rejects.toMatchObject(refusal(what));
    },
  );

  test.each(Object.entries(kinds) as [ProfileFormatName, string][])(
    "%s is known without samples, too",
    async (format, what) => {
      for (const profile of [profileOf(""), profileOfBatches()])
        await expect(readProfile(await written(format, profile))).rejects.toMatchObject(refusal(what));
    },
  );

  test.each([
    ["another Chrome trace", '{"traceEvents":[]}', "a Chrome trace"],
    ["a list of events", '[{"name":"f","ph":"X","ts":1}]', "a Chrome trace"],
    ["Valgrind's file", "version: 1\ncreator: callgrind-3.19.0\n", "a file for callgrind"],
    ["cProfile's file", Buffer.from("\xfb\xa9\x03\xda", "latin1"), "a file for pstats"],
  ])("%s is recognised", async (_, content, what) => {
    await expect(readProfile(Buffer.from(content as string))).rejects.toMatchObject(refusal(what));
  });

  test.each(["<module> (a.py:1);f 2\n", "version: 1;creator: x 2\n"])(
    "the collapsed stack %j is none of these",
    async (text) => expect(collapsed(await readProfile(Buffer.from(text)))).toContain(" 2"),
  );
});
