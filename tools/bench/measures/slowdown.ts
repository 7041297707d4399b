import { setTimeout as sleep } from "node:timers/promises";
import type { Python } from "../../pythons/find-pythons.js";
import { interleave } from "../interleave.js";
import { type Bench, type Measure, profilersFor, pythonsOf, remarks } from "../measure.js";
import type { Profiler } from "../profilers/profiler.js";
import { pyspy } from "../profilers/pyspy.js";
import { Program } from "../program.js";
import type { Limit } from "../promises.js";
import { medianInterval, spreadOf } from "../statistics.js";
import { interval, number, spread, table } from "../table.js";
import { startTarget } from "../target-kinds.js";
import { TemporaryFolder } from "../temporary-folder.js";

interface Situation {
  readonly name: string;
  readonly idleThreads: number;
  readonly rate: number;
  readonly limit: Limit;
}

const situations: readonly Situation[] = [
  situation("1 kHz", 0, 1000, 1.02),
  situation("100 Hz with 1,000 idle threads", 1000, 100, 1.03),
];

export const slowdown: Measure = {
  name: "slowdown",
  title: "CPU time of the target for a piece of work",
  how:
    "The target does the same piece of work, about a second of it, with and without a profiler that samples it, and " +
    "measures its own CPU time. A pair is one of each, right after one another, the unsampled one first in every " +
    "other pair; 20 pairs for each profiler, all profilers in turn. The ratio's median over the pairs, its quartiles, " +
    "and the interval in which the true median lies.",
  minutes: 12,
  limits: situations.map(({ limit }) => limit),
  run,
};

async function run(bench: Bench) {
  const figures = new Map<Limit, number>();
  const failed: [string, string][] = [];
  const rows: string[][] = [];
  for (const python of pythonsOf(bench, ["3.13"])) {
    for (const one of situations) {
      bench.tell(`slowdown: ${python.name}, ${one.name}`);
      const { values, failures } = await ratiosOf(bench, python, one);
      for (const [profiler, why] of failures) failed.push([`${profiler.name}, ${one.name}`, why]);
      for (const [profiler, ratios] of values) {
        const ratio = spreadOf(ratios);
        if (profiler === pyspy) figures.set(one.limit, ratio.median);
        const sure = ratio.count === 0 ? "–" : interval(medianInterval(ratios));
        rows.push([python.name, one.name, profiler.name, number(ratio.count), spread(ratio, " ×"), sure]);
      }
    }
  }
  const header = ["Python", "sampled at", "profiler", "pairs", "CPU time", "interval of the median"];
  return { text: `${table(header, rows)}\n${remarks(failed)}`, figures };
}

async function ratiosOf(bench: Bench, python: Python, { idleThreads, rate }: Situation) {
  const { pySpy, austin, profilingSampling } = bench.peers;
  await using target = await startTarget(python, { words: ["work.py", `${idleThreads}`] });
  const trial = await cpuTime(target, 20);
  const units = Math.max(1, Math.round((20 * (bench.quick ? 3e8 : 1e9)) / trial));
  const profilers = profilersFor(python, [pySpy, austin, profilingSampling]);
  return await interleave(profilers, bench.quick ? 3 : 20, async (profiler, round) => {
    const isUnsampledFirst = round % 2 === 0;
    const before = isUnsampledFirst ? await cpuTime(target, units) : undefined;
    const sampled = await whileSampled(profiler, target.pid, rate, () => cpuTime(target, units));
    return sampled / (before ?? (await cpuTime(target, units)));
  });
}

async function whileSampled<T>(
  profiler: Profiler,
  pid: number,
  rate: number,
  action: () => Promise<T>,
): Promise<T> {
  using folder = new TemporaryFolder();
  const output = folder.file("unused");
  await using program = Program.start(profiler.command({ pid, rate, seconds: undefined, output }));
  await sleep(2000);
  const value = await action();
  if (program.isOver) throw program.failure("ended too early");
  return value;
}

/** Nanoseconds. */
async function cpuTime(target: Program, units: number): Promise<number> {
  target.write(`${units}\n`);
  const [, nanoseconds] = await target.says(/^took (\d+)$/m);
  return Number(nanoseconds);
}

function situation(name: string, idleThreads: number, rate: number, value: number): Situation {
  const what = `target's CPU time while sampled at ${name}`;
  return { name, idleThreads, rate, limit: { what, bound: "at most", value, unit: " × unsampled" } };
}
