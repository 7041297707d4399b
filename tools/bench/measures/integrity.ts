import type { Python } from "../../pythons/find-pythons.js";
import { countImpossible, countSamples } from "../collapsed.js";
import { interleave } from "../interleave.js";
import { allSeries, type Bench, type Measure, profilersFor, pythonsOf, remarks } from "../measure.js";
import { highestRate } from "../profilers/profiler.js";
import { pyspy } from "../profilers/pyspy.js";
import type { Limit } from "../promises.js";
import { record } from "../record.js";
import { spreadOf } from "../statistics.js";
import { number, spread, table } from "../table.js";
import { flat, generators, startTarget, type TargetKind } from "../target-kinds.js";

const impossibleLimit: Limit = {
  what: "impossible stacks on flat, 3.11 to 3.15, unstopped",
  ...{ bound: "at most", value: 0.1, unit: " %" },
};
const tornLimit: Limit = {
  what: "stacks marked torn on flat, 3.11 to 3.15",
  ...{ bound: "at most", value: 5, unit: " %" },
};

export const integrity: Measure = {
  name: "integrity",
  title: "Stacks that never were",
  how:
    "The targets make two chains of calls in turn and no others. A recorded stack that does not begin one of them " +
    "never was: it is put together from two moments. Each profiler samples at its highest rate; Austin marks some " +
    "stacks as invalid and pyspy as torn, which are counted apart. py-spy stops the target for every sample unless " +
    "told not to. The worst version counts.",
  minutes: 10,
  limits: [impossibleLimit, tornLimit],
  run,
};

/** Per cent of the stacks that a profiler has looked at. */
interface Shares {
  readonly samples: number;
  readonly impossible: number;
  readonly torn: number;
}

async function run(bench: Bench) {
  const failed: [string, string][] = [];
  const rows: string[][] = [];
  const impossible: number[] = [];
  const torn: number[] = [];
  for (const python of pythonsOf(bench, allSeries)) {
    for (const kind of [flat, generators]) {
      bench.tell(`integrity: ${python.name}, ${kind.name}`);
      const { values, failures } = await sharesOf(bench, python, kind);
      for (const [profiler, why] of failures) {
        failed.push([`${profiler.name} on ${python.name}, ${kind.name}`, why]);
      }
      for (const [profiler, shares] of values) {
        const wrong = spreadOf(shares.map((share) => share.impossible));
        const marked = spreadOf(shares.map((share) => share.torn));
        const samples = shares.reduce((sum, share) => sum + share.samples, 0);
        rows.push([
          ...[python.name, kind.name, profiler.name, number(samples)],
          ...[spread(wrong, " %"), spread(marked, " %")],
        ]);
        if (profiler === pyspy && kind === flat && python.version.minor >= 11) {
          impossible.push(wrong.median);
          torn.push(marked.median);
        }
      }
    }
  }
  const header = ["Python", "target", "profiler", "samples", "impossible", "marked"];
  const figures = new Map([
    [impossibleLimit, worstOf(impossible)],
    [tornLimit, worstOf(torn)],
  ]);
  return { text: `${table(header, rows)}\n${remarks(failed)}`, figures };
}

function worstOf(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : Math.max(...values);
}

async function sharesOf(bench: Bench, python: Python, kind: TargetKind) {
  const { pySpy, pySpyNonblocking, austin, profilingSampling } = bench.peers;
  const profilers = profilersFor(python, [pySpy, pySpyNonblocking, austin, profilingSampling]);
  await using target = await startTarget(python, kind);
  return await interleave(profilers, bench.quick ? 1 : 3, async (profiler): Promise<Shares> => {
    const request = { pid: target.pid, rate: highestRate, seconds: bench.quick ? 1 : 3 };
    const { stacks, torn } = await record(profiler, request);
    const invalid = countSamples(stacks, ":INVALID:");
    const trusted = stacks.filter(({ functions }) => !functions.includes(":INVALID:"));
    const all = countSamples(stacks) + torn;
    return {
      samples: all,
      impossible: (100 * countImpossible(trusted, kind.chains ?? [])) / all,
      torn: (100 * (torn + invalid)) / all,
    };
  });
}
