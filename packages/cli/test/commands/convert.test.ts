import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { RecordingFile, RecordingWriter, type SampleBatch, SampleState } from "@pyspy/flamegraph";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { convert } from "../../src/commands/convert.js";
import type { ConvertCommand, SampleChoiceArguments } from "../../src/convert-arguments.js";
import { createStyle } from "../../src/terminal/style.js";
import { Terminal } from "../../src/terminal/terminal.js";

let folder: string;
let said: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pyspy-convert-"));
  said = "";
});

afterEach(() => rmSync(folder, { recursive: true }));

const terminal = new Terminal({
  write: (text) => {
    said += text;
  },
  style: createStyle(false),
  interactive: false,
  columns: () => 80,
});

const inFolder = (name: string): string => join(folder, name);
const textOf = (name: string): string => readFileSync(inFolder(name), "utf8");

const everything: SampleChoiceArguments = {
  mode: "wall",
  from: undefined,
  until: undefined,
  include: undefined,
  exclude: undefined,
  torn: false,
};

/** Converts `inputs` of the folder as the options say, to `out.txt`. */
async function run(
  inputs: readonly string[],
  {
    choice = {},
    ...changes
  }: Partial<Omit<ConvertCommand, "choice">> & {
    readonly choice?: Partial<SampleChoiceArguments>;
  } = {},
): Promise<void> {
  const command: ConvertCommand = {
    name: "convert",
    inputs: inputs.map(inFolder),
    output: inFolder("out.txt"),
    format: undefined,
    choice: { ...everything, ...choice },
    lines: "line",
    fullFileNames: false,
    threads: false,
    processes: false,
    top: 20,
    debug: false,
    ...changes,
  };
  expect(await convert(command, terminal)).toEqual({ code: 0 });
}

const { active, holdsGil, torn } = SampleState;

/**
 * Ten samples, 0.1 s apart, of a thread that runs `main` → `work` with the GIL (6), `main` → `wait` (3), and one
 * that is torn.
 */
function batch(): SampleBatch {
  const states = [...Array(6).fill(active | holdsGil), 0, 0, 0, torn | active];
  const zeros = new Int32Array(3);
  const record = { file: "/srv/app.py", module: "", kind: "python" } as const;
  return {
    functions: ["main", "work", "wait"].map((name, index) => ({
      ...record,
      name,
      qualname: name,
      firstLine: 10 * index,
    })),
    frames: {
      function: Int32Array.of(0, 1, 2),
      line: Int32Array.of(1, 11, 21),
      column: zeros,
      endLine: zeros,
      endColumn: zeros,
    },
    nodes: { parent: Int32Array.of(-1, 0, 0), frame: Int32Array.of(0, 1, 2) },
    processes: [{ pid: 40, startTime: 1, commandLine: ["python3", "app.py"], parent: -1 }],
    threads: [{ process: 0, tid: 41, pythonId: 7, name: "worker", interpreter: 0 }],
    samples: {
      time: Float64Array.from(states, (_, row) => row * 1e8),
      thread: new Int32Array(10),
      node: Int32Array.of(1, 1, 1, 1, 1, 1, 2, 2, 2, 1),
      state: Uint8Array.from(states),
      cpu: new Float64Array(10).fill(-1),
    },
    counters: { scheduled: 10, taken: 10, missed: 0, attempted: 10, good: 9, torn: 1, unreadable: 0 },
    reset: true,
  };
}

function record(name: string, { isEnded = true, batches = [batch()] } = {}): void {
  const file = new RecordingFile(inFolder(name));
  const metadata = { command: ["python3", "app.py"], rate: 10, startTime: 1_700_000_000_000 };
  const writer = new RecordingWriter((bytes) => file.append(bytes), metadata);
  for (const one of batches) writer.add(one);
  if (isEnded) writer.end(1e9);
  file.close();
}

const work = "main (app.py:1);work (app.py:11)";
const wait = "main (app.py:1);wait (app.py:21)";

describe("a recording", () => {
  test("becomes the format that the name of the output says", async () => {
    record("a.pyspy");
    await run(["a.pyspy"]);
    expect(textOf("out.txt")).toBe(`${wait} 3\n${work} 6\n`);
    expect(said).toBe(`pyspy: Wrote ${inFolder("out.txt")}: 9 samples\n`);
    await run(["a.pyspy"], { output: inFolder("A.SVG") });
    expect(textOf("A.SVG")).toContain("<title>python3 app.py</title>");
    await run(["a.pyspy"], { output: inFolder("a.speedscope.json") });
    expect(JSON.parse(textOf("a.speedscope.json")).$schema).toContain("speedscope");
    await run(["a.pyspy"], { output: inFolder("a.trace.json") });
    expect(JSON.parse(textOf("a.trace.json"))[0]).toMatchObject({ ph: "M" });
    await run(["a.pyspy"], { output: inFolder("a.firefox.json") });
    expect(JSON.parse(textOf("a.firefox.json")).meta.product).toBe("python3 app.py");
    await run(["a.pyspy"], { output: inFolder("a.json") });
    expect(JSON.parse(textOf("a.json"))).toMatchObject({ samples: 9 });
    await run(["a.pyspy"], { output: inFolder("a.txt"), format: "table" });
    expect(textOf("a.txt")).toContain("9 samples");
    await run(["a.pyspy"], { output: inFolder("a.pb.gz") });
    expect(gunzipSync(readFileSync(inFolder("a.pb.gz"))).includes("work")).toBe(true);
  });

  test.each([
    ["a.pyspy", undefined, "a.svg"],
    ["a.b.pyspy", "pprof", "a.b.pb.gz"],
    ["a.profile", "speedscope", "a.speedscope.json"],
    [".hidden", "raw", ".hidden.txt"],
    ["recording", "firefox", "recording.firefox.json"],
  ] as const)("%s as %s is written beside it as %s", async (input, format, output) => {
    record(input);
    await run([input], { output: undefined, format });
    expect(readdirSync(folder).sort()).toEqual([input, output].sort());
  });

  test("does not replace itself, by whatever name", async () => {
    record("a.pyspy");
    linkSync(inFolder("a.pyspy"), inFolder("hard.pyspy"));
    symlinkSync("a.pyspy", inFolder("soft.pyspy"));
    const before = readFileSync(inFolder("a.pyspy"));
    const refusal = `The output would replace the input ${inFolder("a.pyspy")}: `;
    await expect(run(["a.pyspy"], { output: undefined, format: "pyspy" })).rejects.toMatchObject({
      code: "usage",
      message: `${refusal}name it with --output`,
    });
    for (const name of ["a.pyspy", "hard.pyspy", "soft.pyspy"]) {
      await expect(run(["a.pyspy"], { output: inFolder(name), format: "raw" })).rejects.toMatchObject({
        code: "usage",
        message: `${refusal}give it another name`,
      });
    }
    expect(readFileSync(inFolder("a.pyspy"))).toEqual(before);
  });

  test("does not replace a file that nobody named", async () => {
    record("a.pyspy");
    writeFileSync(inFolder("a.speedscope.json"), "mine");
    for (const _ of [1, 2]) await run(["a.pyspy"], { output: undefined, format: "speedscope" });
    expect(textOf("a.speedscope.json")).toBe("mine");
    expect(textOf("a-3.speedscope.json")).toBe(textOf("a-2.speedscope.json"));
    expect(said).toContain(`Wrote ${inFolder("a-2.speedscope.json")}: `);
  });

  test("is read through gzip", async () => {
    record("a.pyspy");
    writeFileSync(inFolder("a.pyspy.gz"), gzipSync(readFileSync(inFolder("a.pyspy"))));
    await run(["a.pyspy.gz"]);
    expect(textOf("out.txt")).toBe(`${wait} 3\n${work} 6\n`);
  });

  test("without its end is used as far as it goes", async () => {
    record("a.pyspy", { isEnded: false, batches: [batch(), batch()] });
    truncateSync(inFolder("a.pyspy"), readFileSync(inFolder("a.pyspy")).length - 1);
    await run(["a.pyspy"]);
    expect(textOf("out.txt")).toBe(`${wait} 3\n${work} 6\n`);
    expect(said).toContain(
      `pyspy: ${inFolder("a.pyspy")} has no end: it is still written, or pyspy was killed. What is there is used\n`,
    );
  });
});

describe("a recording with a damaged end", () => {
  test("is used as far as it is good, and it is told how much is left out", async () => {
    record("a.pyspy");
    appendFileSync(inFolder("a.pyspy"), new Uint8Array(4096));
    await run(["a.pyspy"]);
    expect(textOf("out.txt")).toBe(`${wait} 3\n${work} 6\n`);
    expect(said).toContain(
      `pyspy: ${inFolder("a.pyspy")} is damaged at its end: 4096 bytes of it are left out, what is before is used\n`,
    );
  });
});

describe("what is shown", () => {
  test.each([
    [{ mode: "cpu" }, `${work} 6\n`],
    [{ mode: "gil" }, `${work} 6\n`],
    [{ mode: "idle" }, `${wait} 3\n`],
    [{ mode: "cpu", torn: true }, `${work} 7\n`],
    [{ from: 0.5 }, `${wait} 3\n${work} 1\n`],
    [{ from: 0.1, until: 0.35 }, `${work} 3\n`],
    [{ include: [/wait/] }, `${wait} 3\n`],
    [{ exclude: [/wait/] }, `${work} 6\n`],
    [{ include: [/worker/], exclude: [/^work$/] }, `${wait} 3\n`],
  ] as const)("can be chosen: %j", async (choice, expected) => {
    record("a.pyspy");
    await run(["a.pyspy"], { choice });
    expect(textOf("out.txt")).toBe(expected);
  });

  test("is told with what there was", async () => {
    record("a.pyspy");
    await run(["a.pyspy"], { choice: { include: [/wait/] } });
    expect(said).toBe(`pyspy: Wrote ${inFolder("out.txt")}: 3 of 9 samples\n`);
  });

  test.each([
    [{ lines: "none" }, "main (app.py);work (app.py) 6\n"],
    [{ lines: "function" }, "main (app.py);work (app.py:10) 6\n"],
    [{ fullFileNames: true }, "main (/srv/app.py:1);work (/srv/app.py:11) 6\n"],
    [{ threads: true }, `thread (41): worker;${work} 6\n`],
    [{ processes: true }, `process 40:python3 app.py;${work} 6\n`],
  ] as const)("can be labelled: %j", async (changes, expected) => {
    record("a.pyspy");
    await run(["a.pyspy"], { ...changes, choice: { mode: "gil" } });
    expect(textOf("out.txt").replaceAll('"', "")).toBe(expected);
  });

  test.each([
    [{ choice: { include: [/nothing/], until: 10 } }, "none of 9 samples is left by --until, --include"],
    [{ choice: { from: 5 } }, "none of 9 samples is left by --from"],
    [{ choice: { mode: "gil", include: [/wait/] } }, "none of 9 samples is left by --include"],
  ] as const)("may be nothing: %j", async (changes, reason) => {
    record("a.pyspy");
    await run(["a.pyspy"], changes);
    expect(textOf("out.txt")).toBe("");
    expect(said).toBe(
      `pyspy: Nothing to show: ${reason}\npyspy: Wrote ${inFolder("out.txt")}: 0 of 9 samples\n`,
    );
  });

  test("is nothing where nobody held the GIL, where all is torn, and where there is nothing", async () => {
    writeFileSync(inFolder("stacks.txt"), "a;b 2\n");
    await run(["stacks.txt"], { choice: { mode: "gil" } });
    expect(said).toContain("no thread held the GIL in any of 2 samples; use --mode wall to see all");
    const { samples, ...others } = batch();
    record("torn.pyspy", {
      batches: [{ ...others, samples: { ...samples, state: samples.state.fill(torn) } }],
    });
    await run(["torn.pyspy"]);
    expect(said).toContain("Nothing to show: 10 samples changed while read; use --torn to see them");
    record("empty.pyspy", { batches: [] });
    await run(["empty.pyspy"], { output: inFolder("empty.svg") });
    expect(said).toContain(`Nothing to show: there are no samples in ${inFolder("empty.pyspy")}`);
    expect(textOf("empty.svg")).toContain("</svg>");
  });
});

test("several inputs of several formats are one", async () => {
  record("a.pyspy");
  writeFileSync(inFolder("b.txt"), "main;work 2\n");
  writeFileSync(inFolder("c.txt"), "main;work 3\n");
  await run(["a.pyspy", "b.txt", "c.txt"]);
  expect(textOf("out.txt")).toBe(`main;work 5\n${wait} 3\n${work} 6\n`);
});

describe("a report", () => {
  test("lists the functions", async () => {
    record("a.pyspy");
    await run(["a.pyspy"], { name: "report", top: 1 });
    expect(textOf("out.txt")).toMatch(/^ +6 +66\.7% +6 +66\.7% +work \(app\.py:10\)$/m);
    expect(said).toBe("");
  });

  test("has the format that its name says", async () => {
    record("a.pyspy");
    await run(["a.pyspy"], { name: "report", output: inFolder("a.md") });
    expect(textOf("a.md")).toMatch(/^# Profile of `python3 app.py`$/m);
  });
});

describe("what cannot be read", () => {
  test.each([
    ["missing.pyspy", "Cannot read %s: it does not exist"],
    ["folder", "Cannot read %s: it is a folder"],
    [
      "trace.json",
      "Cannot read %s: it is a Chrome trace, which pyspy writes and does not read; record or convert with -f pyspy to keep everything",
    ],
    ["words.txt", "Cannot read %s as raw: line 1 has no count"],
    ["damaged.pyspy", "Cannot read %s as recording: there is no chunk at byte 7"],
  ])("%s is told, and no file is left", async (name, message) => {
    mkdirSync(inFolder("folder"));
    writeFileSync(inFolder("words.txt"), "no profile\n");
    writeFileSync(inFolder("trace.json"), '{"traceEvents":[]}');
    record("damaged.pyspy");
    const bytes = readFileSync(inFolder("damaged.pyspy")).fill(0, 7);
    writeFileSync(inFolder("damaged.pyspy"), bytes);
    await expect(run([name])).rejects.toMatchObject({
      code: "input",
      message: message.replace("%s", inFolder(name)),
    });
    expect(existsSync(inFolder("out.txt"))).toBe(false);
  });

  test("an output without a folder is told before anything is read", async () => {
    const output = inFolder("missing/out.svg");
    await expect(run(["nothing.pyspy"], { output })).rejects.toMatchObject({ code: "output" });
  });
});
