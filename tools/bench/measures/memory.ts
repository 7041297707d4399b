import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, type Measure, pythonsOf, remarks } from "../measure.js";
import { residentMebibytes } from "../process-figures.js";
import { pyspy } from "../profilers/pyspy.js";
import { Program } from "../program.js";
import type { Limit } from "../promises.js";
import { spreadOf } from "../statistics.js";
import { number, table } from "../table.js";
import { asyncio, startTarget } from "../target-kinds.js";
import { TemporaryFolder } from "../temporary-folder.js";

const peakLimit: Limit = {
  what: "memory for as many samples as in 1 h at 100 Hz, peak",
  ...{ bound: "at most", value: 150, unit: " MiB" },
};
const growthLimit: Limit = {
  what: "memory in the last third of them",
  ...{ bound: "at most", value: 1.1, unit: " × of the second third" },
};

/** 360,000 samples, as many as 100 a second make in an hour. */
const rate = 5000;
const seconds = 72;

export const memory: Measure = {
  name: "memory",
  title: "Memory of an hour",
  how:
    `The command records at ${rate} samples a second for ${seconds} s, which is as many samples as in an hour at 100 ` +
    "a second, and its resident memory is looked at twice a second: the peak, and whether it still grows in the end.",
  minutes: 2,
  limits: [peakLimit, growthLimit],
  run,
};

async function run(bench: Bench) {
  const figures = new Map<Limit, number>();
  const rows: string[][] = [];
  const failed: [string, string][] = [];
  for (const python of pythonsOf(bench, ["3.13"])) {
    bench.tell(`memory: ${python.name}`);
    await using target = await startTarget(python, asyncio);
    try {
      const duration = bench.quick ? seconds / 10 : seconds;
      const { peak, sizes, samples } = await sizesOf(target.pid, duration);
      const third = Math.floor(sizes.length / 3);
      const [middle, end] = [sizes.slice(third, 2 * third), sizes.slice(2 * third)].map(
        (part) => spreadOf(part).median,
      ) as [number, number];
      // Half as many samples would prove nothing.
      if (samples >= 0.9 * rate * duration) figures.set(peakLimit, peak).set(growthLimit, end / middle);
      rows.push([
        python.name,
        `${number(samples)} of ${number(rate * duration)}`,
        `${number(middle)} MiB`,
        `${number(end)} MiB`,
        `${number(peak)} MiB`,
      ]);
    } catch (error) {
      failed.push([python.name, error instanceof Error ? error.message : String(error)]);
    }
  }
  const header = ["Python", "samples", "second third", "last third", "peak"];
  return { text: `${table(header, rows)}\n${remarks(failed)}`, figures };
}

async function sizesOf(pid: number, duration: number) {
  using folder = new TemporaryFolder();
  const output = folder.file("stacks");
  await using program = Program.start(pyspy.command({ pid, rate, seconds: duration, output }));
  const ended = program.ended.then(() => true);
  const sizes: number[] = [];
  let peak = Number.NaN;
  while (!(await Promise.race([ended, sleep(500).then(() => false)]))) {
    const { now, peak: highest } = residentMebibytes(program.pid);
    if (Number.isNaN(now)) continue; // it has ended just now
    sizes.push(now);
    peak = highest;
  }
  const { code } = await program.ended;
  const samples = / ([\d,]+) samples? in /.exec(program.output)?.[1];
  if (code !== 0 || samples === undefined) throw program.failure("recorded nothing");
  return { peak, sizes, samples: Number(samples.replaceAll(",", "")) };
}
