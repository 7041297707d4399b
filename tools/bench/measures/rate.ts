import type { Python } from "../../pythons/find-pythons.js";
import { countSamples } from "../collapsed.js";
import { interleave } from "../interleave.js";
import {
  allSeries,
  type Bench,
  type Measure,
  profilersFor,
  pythonsOf,
  remarks,
  seriesOf,
  targetsOf,
} from "../measure.js";
import { highestRate, type Profiler } from "../profilers/profiler.js";
import { pyspy } from "../profilers/pyspy.js";
import type { Limit } from "../promises.js";
import { record } from "../record.js";
import { pairedRatios, spreadOf } from "../statistics.js";
import { number, spread, table } from "../table.js";
import {
  asyncio,
  deep20,
  deep200,
  deep2000,
  flat,
  generators,
  startTarget,
  type TargetKind,
  threads21,
  threads1000,
} from "../target-kinds.js";

type PeerName = "pySpy" | "austin" | "profilingSampling";

/** How many times the rate of a peer. */
interface RateLimit extends Limit {
  readonly series: string;
  readonly kind: TargetKind;
  readonly peer: PeerName;
}

const limits: readonly RateLimit[] = [
  limit("3.13", deep20, "pySpy", 100, "py-spy"),
  limit("3.13", deep20, "austin", 6, "Austin"),
  limit("3.15", deep20, "profilingSampling", 2, "profiling.sampling"),
  limit("3.13", deep200, "pySpy", 100, "py-spy"),
  limit("3.13", deep200, "austin", 10, "Austin"),
  limit("3.15", deep200, "profilingSampling", 2, "profiling.sampling"),
];

export const rate: Measure = {
  name: "rate",
  title: "Highest rate",
  how:
    "Each profiler's command is asked for eight seconds for more samples a second than it can take, of the same running " +
    "target in turn, and what it has recorded (as collapsed stacks) is counted and divided by the seconds for which it sampled. Of " +
    "several threads the stacks of the busy one are counted, because profilers differ in whether they show the " +
    "others. py-spy is interrupted, since its duration is a number of samples. pyspy's first second, while its code is being compiled, " +
    "counts as well. Samples a second; ratios round by round.",
  minutes: 60,
  limits,
  run,
};

const kinds = [flat, deep20, deep200, deep2000, threads21, threads1000, generators, asyncio];

async function run(bench: Bench) {
  const figures = new Map<Limit, number>();
  const failed: [string, string][] = [];
  const { pySpy, austin, profilingSampling } = bench.peers;
  const peers = [pySpy, austin, profilingSampling];
  const rows: string[][] = [];
  for (const python of pythonsOf(bench, allSeries)) {
    for (const kind of targetsOf(bench, kinds)) {
      bench.tell(`rate: ${python.name}, ${kind.name}`);
      const { values, failures } = await ratesOf(bench, python, kind);
      for (const [profiler, why] of failures) {
        failed.push([`${profiler.name} on ${python.name}, ${kind.name}`, why]);
      }
      const ours = values.get(pyspy) ?? [];
      const ratioTo = (peer: Profiler | undefined) =>
        spreadOf(pairedRatios(ours, (peer && values.get(peer)) ?? []));
      for (const one of limits.filter(({ series }) => series === seriesOf(python))) {
        if (one.kind === kind) figures.set(one, ratioTo(bench.peers[one.peer]).median);
      }
      const cells = peers.flatMap((peer) => {
        const theirs = spreadOf((peer && values.get(peer)) ?? []);
        return [spread(theirs), theirs.count === 0 ? "" : `${number(ratioTo(peer).median)} ×`];
      });
      rows.push([python.name, kind.name, spread(spreadOf(ours)), ...cells]);
    }
  }
  const header = ["Python", "target", "pyspy", "py-spy", "", "Austin", "", "profiling.sampling", ""];
  return { text: `${table(header, rows)}\n${remarks(failed)}`, figures };
}

async function ratesOf(bench: Bench, python: Python, kind: TargetKind) {
  const { pySpy, austin, profilingSampling } = bench.peers;
  await using target = await startTarget(python, kind);
  const profilers = profilersFor(python, [pySpy, austin, profilingSampling]);
  return await interleave(profilers, bench.quick ? 1 : 3, async (profiler) => {
    const request = { pid: target.pid, rate: highestRate, seconds: bench.quick ? 3 : 8 };
    const { stacks, seconds } = await record(profiler, request);
    return countSamples(stacks, kind.worker) / seconds;
  });
}

function limit(series: string, kind: TargetKind, peer: PeerName, value: number, name: string): RateLimit {
  const what = `highest rate, ${kind.name}, Python ${series}`;
  return { what, bound: "at least", value, unit: ` × ${name}`, series, kind, peer };
}
