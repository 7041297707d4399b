import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { formatNames } from "../src/formats.js";
import { anyPython, pyspyPath, Workplace } from "./pyspy-process.js";

const workplace = new Workplace();
const python = anyPython();
const file = (name: string): Buffer => readFileSync(join(workplace.folder, name));

async function recordBusy(): Promise<void> {
  const options = ["-f", "PySpy", "-o", "a.pyspy", "--"];
  await sampleAtWork("record", ...options);
}

/** Lets pyspy record until it has seen `busy.py` at work, some ten times. */
async function sampleAtWork(...argv: readonly string[]): Promise<void> {
  const pyspy = workplace.pyspy(...argv, ...workplace.busyUntilLet(python));
  const seen = /;work \(\S*busy\.py:\d+\) \d\d+$/m;
  expect(await workplace.sampledAtWork(pyspy, seen)).toMatchObject({ code: 0 });
  workplace.takeBack();
}

/** What pyspy writes to standard output. */
async function answer(...argv: readonly string[]): Promise<string> {
  const { code, stdout } = await workplace.pyspy(...argv).outcome;
  expect(code).toBe(0);
  return stdout;
}

/** How a file of each format that has samples of `busy.py` can be told. */
const looks: Readonly<Record<(typeof formatNames)[number], RegExp>> = {
  flamegraph: /^<\?xml [\s\S]*<title>work \(/,
  raw: /;work \(\S*busy\.py:\d+\) \d+\n/,
  speedscope: /^\{"\$schema":[\s\S]*"name":"work"/,
  chrometrace: /^\[\s*\{"ph":"M"[\s\S]*"ph":"B","name":"work"/,
  pprof: /(?=[\s\S]*work)[\s\S]*busy\.py/,
  firefox: /^\{"meta":[\s\S]*"preprocessedProfileVersion":57[\s\S]*"work"/,
  callgrind: /^# callgrind format\n[\s\S]*fn=\(\d+\) work\n/,
  pstats: /^\{(?=[\s\S]*busy\.py)[\s\S]*work/,
  otlp: /(?=[\s\S]*work)[\s\S]*busy\.py/,
  jsonl: /^\{.*\}\n[\s\S]*"function":"work"/,
  json: /^\{[\s\S]*"name": ?"work"/,
  markdown: /^# Profile of [\s\S]*`work \(/,
  table: / work \(\S*busy\.py:\d+\)\n/,
  pyspy: /^\xa5pyspy/,
};

test("a recording becomes a file of every format, and so does a program that is sampled", async () => {
  await recordBusy();
  for (const format of formatNames) {
    await answer("convert", "a.pyspy", "-f", format.toUpperCase(), "-o", `converted.${format}`);
    const bytes = file(`converted.${format}`);
    expect((format === "pprof" ? gunzipSync(bytes) : bytes).toString("latin1"), format).toMatch(
      looks[format],
    );
  }
  for (const format of ["speedscope", "pprof"] as const) {
    await sampleAtWork("record", "-f", format, "-o", `recorded.${format}`, "--");
    const bytes = file(`recorded.${format}`);
    expect((format === "pprof" ? gunzipSync(bytes) : bytes).toString("latin1"), format).toMatch(
      looks[format],
    );
  }
});

test("all of the samples are in all formats, and come back from those that can be read", async () => {
  await recordBusy();
  const total = (stacks: string) =>
    stacks
      .trimEnd()
      .split("\n")
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  const samples: number = JSON.parse(await answer("report", "a.pyspy", "-f", "json")).samples;
  expect(samples).toBeGreaterThan(10);
  expect(total(await answer("convert", "a.pyspy", "-f", "raw", "-o", "-"))).toBe(samples);
  const script = "import pstats, sys; print(pstats.Stats(sys.argv[1]).total_calls >= 0)";
  await answer("convert", "a.pyspy", "-f", "pstats", "-o", "a.pstats");
  const [program = "", ...rest] = python.command;
  const read = execFileSync(program, [...rest, "-c", script, join(workplace.folder, "a.pstats")]);
  expect(read.toString()).toBe("True\n");
  for (const format of ["raw", "pprof", "pyspy"]) {
    await answer("convert", "a.pyspy", "-f", format, "-o", `again.${format}`);
    expect(JSON.parse(await answer("report", `again.${format}`, "-f", "json")).samples).toBe(samples);
  }
});

test("standard input and output can be pipes", async () => {
  writeFileSync(join(workplace.folder, "a.txt"), "main;work 3\n");
  const pipe = `cat a.txt | "$@" convert - -f pprof -o - | "$@" report - -f json`;
  const words = ["sh", "-c", pipe, "sh", process.execPath, pyspyPath];
  const { code, stdout } = await workplace.start(words).outcome;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ samples: 3, functions: [{ name: "work" }, { name: "main" }] });
});

test("who stops reading gets no error", async () => {
  await recordBusy();
  const pipe = `{ "$@"; echo "code $?" >&2; } | true`;
  const words = ["sh", "-c", pipe, "sh", process.execPath, pyspyPath];
  const { stderr } = await workplace.start([...words, "convert", "a.pyspy", "-f", "jsonl", "-o", "-"])
    .outcome;
  expect(stderr).toMatch(/^(pyspy: Could not write all of the profile to standard output: .*\n)code 0\n$/);
});

test("bytes are not written to a terminal", async () => {
  writeFileSync(join(workplace.folder, "a.txt"), "main;work 3\n");
  const command = [process.execPath, pyspyPath, "convert", "a.txt", "-f", "pprof", "-o", "-"].join(" ");
  const { stdout } = await workplace.start(["script", "-qec", command, "/dev/null"]).outcome;
  expect(stdout).toContain(
    "Cannot write this format to a terminal: it is not text; name a file with --output",
  );
});

test("what cannot be read is told, and nothing is written", async () => {
  writeFileSync(join(workplace.folder, "words.txt"), "no profile at all\n");
  expect(await workplace.pyspy("convert", "words.txt", "-o", "a.svg").outcome).toEqual({
    code: 1,
    signal: null,
    stdout: "",
    stderr: "pyspy: Cannot read words.txt as raw: line 1 has no count\n",
  });
  expect(() => file("a.svg")).toThrow("ENOENT");
});
