import { setTimeout as sleep } from "node:timers/promises";
import { RecordingFile, RecordingWriter } from "@pyspy/flamegraph";
import { sampleStream } from "../../../packages/flamegraph/bench/sample-stream.js";
import { type Bench, type Measure, remarks } from "../measure.js";
import { residentMebibytes } from "../process-figures.js";
import { pyspyCommand } from "../profilers/pyspy.js";
import { Program } from "../program.js";
import type { Limit } from "../promises.js";
import { number, table } from "../table.js";
import { TemporaryFolder } from "../temporary-folder.js";

const few = 1_000_000;
const many = 10_000_000;
/** One that folds everything, one of samples in time, and one that writes a line a sample. */
const formats = ["flamegraph", "pprof", "speedscope", "jsonl"];

const limit: Limit = {
  what: `memory to draw a flame graph of ${number(many)} samples, peak`,
  ...{ bound: "at most", value: 1.2, unit: ` × of ${number(few)}` },
};

export const convert: Measure = {
  name: "convert",
  title: "Converting a long recording",
  how:
    `Recordings of ${number(few)} and of ${number(many)} samples of the same 20,000 stacks are converted by the command; the time ` +
    "of the whole process and the most memory it ever had. Formats that list samples in time hold what they list.",
  minutes: 5,
  limits: [limit],
  run,
};

async function run(bench: Bench) {
  using folder = new TemporaryFolder();
  const figures = new Map<Limit, number>();
  const failed: [string, string][] = [];
  const rows: string[][] = [];
  const sizes = bench.quick ? [few / 10, few] : [few, many];
  const paths = sizes.map((samples) => {
    const path = folder.file(`${samples}.pyspy`);
    bench.tell(`convert: recording ${number(samples)} samples`);
    record(path, samples);
    return path;
  });
  for (const format of formats) {
    bench.tell(`convert: ${format}`);
    try {
      const results = [];
      for (const path of paths) results.push(await convertTo(format, path, folder.file(`out.${format}`)));
      const [small, large] = results;
      if (small === undefined || large === undefined) continue;
      if (format === "flamegraph") figures.set(limit, large.peak / small.peak);
      rows.push([
        format,
        ...results.flatMap(({ seconds, peak }) => [`${number(seconds)} s`, `${number(peak)} MiB`]),
      ]);
    } catch (error) {
      failed.push([format, error instanceof Error ? error.message : String(error)]);
    }
  }
  const header = ["format", ...sizes.flatMap((samples) => [`${number(samples)} samples`, "memory"])];
  return { text: `${table(header, rows)}\n${remarks(failed)}`, figures };
}

function record(path: string, samples: number): void {
  using file = new RecordingFile(path);
  const metadata = { command: ["python3", "app.py"], rate: 1000, startTime: 0 };
  const writer = new RecordingWriter((bytes) => file.append(bytes), metadata);
  for (const batch of sampleStream(samples, 8, metadata.rate)) writer.add(batch);
  writer.end((samples / 8 / metadata.rate) * 1e9);
}

async function convertTo(format: string, input: string, output: string) {
  await using program = Program.start([...pyspyCommand, "convert", input, "-f", format, "-o", output]);
  const ended = program.ended.then(() => true);
  let peak = 0;
  while (!(await Promise.race([ended, sleep(20).then(() => false)]))) {
    const { peak: highest } = residentMebibytes(program.pid);
    if (highest > peak) peak = highest;
  }
  const { code, seconds } = await program.ended;
  if (code !== 0) throw program.failure("converted nothing");
  return { seconds, peak };
}
