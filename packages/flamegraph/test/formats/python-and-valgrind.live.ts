import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Profile, type ProfileFormatName, profileFormats } from "@pyspy/flamegraph";
import { afterAll, describe, expect, test } from "vitest";
import { findPythons } from "../../../../tools/testing/pythons.js";
import { batchOfStacks, profileOf, profileOfBatches } from "../profile-of.js";

const folder = mkdtempSync(join(tmpdir(), "formats-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function fileOf(format: ProfileFormatName, profile: Profile): Promise<string> {
  const write = await profileFormats[format].load();
  const path = join(folder, `profile.${format}`);
  writeFileSync(path, Buffer.concat(Array.from(write(profile), (piece) => Buffer.from(piece))));
  return path;
}

/** Every sample stands for 10 ms. */
function measured(profile: Profile): Profile {
  const batches = [...profile.batches()].map((batch) => ({ ...batch, span: batch.time.map(() => 1e7) }));
  return { ...profile, batches: () => batches };
}

// main calls itself through again; leaf is called from both.
const RECURSIVE = `
  main@/srv/app.py:9;work@/srv/app.py:3;leaf@/srv/lib.py:2 12
  main@/srv/app.py:9;work@/srv/app.py:4;work@/srv/app.py:4;leaf@/srv/lib.py:2 5
  main@/srv/app.py:8;again@/srv/app.py:20;main@/srv/app.py:9;leaf@/srv/lib.py:2 3
  main@/srv/app.py:8 1
`;
const HOSTILE = [
  ";",
  "a\nb",
  '"quoted"',
  "<&>",
  "\udc80",
  "",
  "(1) x",
  "a\0b",
  "größe 🐍",
  "+3 5",
  "fn=(9) y",
  "%s",
];

const versions = findPythons().map((python) => [python.name, python] as const);

describe.each(versions)("pstats of Python %s", (_, python) => {
  const script = `
import json, pstats, sys
try:
    from StringIO import StringIO
except ImportError:
    from io import StringIO
out = StringIO()
stats = pstats.Stats(sys.argv[1], stream=out)
stats.sort_stats("cumulative").print_stats()
stats.print_callers()
stats.print_callees()
print(json.dumps([stats.total_calls, round(stats.total_tt, 6), sorted(
    [f[0], f[1], f[2], s[1], round(s[2], 6), round(s[3], 6), sorted([c[2], v[1], round(v[2], 6), round(v[3], 6)] for c, v in s[4].items())]
    for f, s in stats.stats.items())]))
`;
  const read = (path: string) =>
    JSON.parse(
      execFileSync(python.command[0] ?? "", [...python.command.slice(1), "-c", script, path], {
        encoding: "utf8",
      }),
    );

  test("reads own and cumulative times, and callers, without inflating recursion", async () => {
    const [, own, functions] = read(await fileOf("pstats", measured(profileOf(RECURSIVE))));
    expect(own).toBe(0.21);
    expect(functions).toEqual([
      ["/srv/app.py", 1, "again", 3, 0, 0.03, [["main", 3, 0, 0.03]]],
      ["/srv/app.py", 1, "main", 21, 0.01, 0.21, [["again", 3, 0, 0]]],
      [
        "/srv/app.py",
        1,
        "work",
        17,
        0,
        0.17,
        [
          ["main", 17, 0, 0.17],
          ["work", 5, 0, 0],
        ],
      ],
      [
        "/srv/lib.py",
        1,
        "leaf",
        20,
        0.2,
        0.2,
        [
          ["main", 3, 0.03, 0.03],
          ["work", 17, 0.17, 0.17],
        ],
      ],
    ]);
  });

  test("reads hostile names, many samples and none", async () => {
    const hostile = profileOfBatches(batchOfStacks([{ names: HOSTILE, samples: 2 }]));
    expect(read(await fileOf("pstats", measured(hostile)))[2].length).toBe(HOSTILE.length);
    const [batch] = profileOf("main 1").batches();
    const many = batch && {
      ...profileOf("main 1"),
      batches: () => [{ ...batch, count: Float64Array.of(5e9) }],
    };
    expect(read(await fileOf("pstats", many ?? profileOf("")))[2][0][3]).toBe(5e9);
    expect(read(await fileOf("pstats", profileOf("")))).toEqual([
      0,
      0,
      [["~", 0, "<no samples>", 0, 0, 0, []]],
    ]);
  });
});

describe("callgrind_annotate", () => {
  const annotate = (path: string, ...options: string[]) =>
    execFileSync("callgrind_annotate", ["--threshold=100", "--show-percs=no", ...options, path], {
      encoding: "utf8",
    });
  /** Samples and nanoseconds of each function. */
  const costs = (text: string) =>
    Object.fromEntries(
      Array.from(
        text.matchAll(/^ *([\d,.]+) +([\d,.]+) {2}(\S+?):(.*)$/gm),
        ([, samples = "", time = "", , name = ""]) => [
          name.replace(/ \[.*$/, "").trim(),
          [samples, time].map((number) => (number === "." ? 0 : Number(number.replaceAll(",", "")))),
        ],
      ),
    );

  test("reads what functions ran themselves", async () => {
    const text = annotate(await fileOf("callgrind", measured(profileOf(RECURSIVE))));
    expect(text).toMatch(/21 +210,000,000 +PROGRAM TOTALS/);
    expect(costs(text)).toMatchObject({ main: [1, 1e7], leaf: [20, 2e8] });
  });

  test("sums up what they called, without inflating recursion", async () => {
    const text = annotate(await fileOf("callgrind", measured(profileOf(RECURSIVE))), "--inclusive=yes");
    expect(costs(text)).toEqual({
      "<all>": [21, 2.1e8],
      main: [21, 2.1e8],
      leaf: [20, 2e8],
      work: [17, 1.7e8],
      again: [3, 3e7],
    });
  });

  test("reads hostile names and no samples", async () => {
    const hostile = profileOfBatches(
      batchOfStacks(HOSTILE.map((name) => ({ names: [`${name}@/srv/${name}:3`], samples: 2 }))),
    );
    const text = annotate(await fileOf("callgrind", measured(hostile)));
    expect(text).toMatch(new RegExp(`${2 * HOSTILE.length} +${2 * HOSTILE.length}0,000,000 +PROGRAM TOTALS`));
    expect(annotate(await fileOf("callgrind", profileOf("")))).toContain("Profile data file");
  });
});
