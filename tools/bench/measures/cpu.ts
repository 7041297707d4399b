import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Python } from "../../pythons/find-pythons.js";
import { interleave } from "../interleave.js";
import { type Bench, type Measure, profilersFor, pythonsOf, remarks, targetsOf } from "../measure.js";
import { cpuSeconds } from "../process-figures.js";
import { pyspy } from "../profilers/pyspy.js";
import { Program } from "../program.js";
import type { Limit } from "../promises.js";
import { pairedRatios, spreadOf } from "../statistics.js";
import { number, spread, table } from "../table.js";
import { deep200, flat, idleThreads, startTarget, type TargetKind, threads21 } from "../target-kinds.js";
import { TemporaryFolder } from "../temporary-folder.js";

const timesWorker = (kind: TargetKind): Limit => ({
  what: `profiler's CPU at 100 Hz, ${kind.name}`,
  ...{ bound: "at most", value: 2, unit: " × an empty worker" },
});
const share = (kind: TargetKind, value: number): Limit => ({
  what: `profiler's CPU at 100 Hz, ${kind.name}`,
  ...{ bound: "at most", value, unit: " %" },
});

/** Each target with its promise. */
const targets: readonly { readonly kind: TargetKind; readonly limit: Limit; readonly isRatio: boolean }[] = [
  { kind: flat, limit: timesWorker(flat), isRatio: true },
  { kind: deep200, limit: timesWorker(deep200), isRatio: true },
  { kind: threads21, limit: share(threads21, 5), isRatio: false },
  { kind: idleThreads, limit: share(idleThreads, 25), isRatio: false },
];

/** Something that runs beside a target. */
interface Load {
  readonly name: string;
  command(pid: number): readonly string[];
}

const emptyWorker: Load = {
  name: "empty worker",
  command: () => [process.execPath, fileURLToPath(new URL("../empty-worker.mjs", import.meta.url))],
};

export const cpu: Measure = {
  name: "cpu",
  title: "CPU time of the profiler at 100 samples a second",
  how:
    "Each profiler's command records at 100 samples a second for as long as it likes. After three seconds, when " +
    "start-up is over, the CPU time (user and system, all threads and children) that it takes in ten seconds is " +
    "read from the kernel. Beside them runs, in turn, a Node program with an empty worker thread that a timer wakes " +
    "100 times a second. Per cent of one processor; ratios to that program round by round.",
  minutes: 12,
  limits: targets.map(({ limit }) => limit),
  run,
};

async function run(bench: Bench) {
  const figures = new Map<Limit, number>();
  const failed: [string, string][] = [];
  const rows: string[][] = [];
  for (const python of pythonsOf(bench, ["3.13"])) {
    for (const { kind, limit, isRatio } of targets) {
      if (targetsOf(bench, [kind]).length === 0) continue;
      bench.tell(`cpu: ${python.name}, ${kind.name}`);
      const { loads, values, failures } = await sharesOf(bench, python, kind);
      for (const [load, why] of failures) failed.push([`${load.name}, ${kind.name}`, why]);
      const worker = values.get(emptyWorker) ?? [];
      for (const load of loads) {
        const own = values.get(load) ?? [];
        const ratio = spreadOf(pairedRatios(own, worker)).median;
        rows.push([python.name, kind.name, load.name, spread(spreadOf(own), " %"), `${number(ratio)} ×`]);
        if (load.name === pyspy.name) figures.set(limit, isRatio ? ratio : spreadOf(own).median);
      }
    }
  }
  const header = ["Python", "target", "profiler", "CPU", "of an empty worker"];
  return { text: `${table(header, rows)}\n${remarks(failed)}`, figures };
}

async function sharesOf(bench: Bench, python: Python, kind: TargetKind) {
  const { pySpy, austin, profilingSampling } = bench.peers;
  const profilers = profilersFor(python, [pySpy, austin, profilingSampling]);
  using folder = new TemporaryFolder();
  const output = folder.file("unused");
  const loads: readonly Load[] = [
    emptyWorker,
    ...profilers.map(({ name, command }) => ({
      name,
      command: (pid: number) => command({ pid, rate: 100, seconds: undefined, output }),
    })),
  ];
  await using target = await startTarget(python, kind);
  const rounds = await interleave(loads, bench.quick ? 1 : 3, (load) =>
    cpuShare(load.command(target.pid), bench.quick ? 3 : 10),
  );
  return { loads, ...rounds };
}

/** Per cent of one processor. */
async function cpuShare(command: readonly string[], seconds: number): Promise<number> {
  await using program = Program.start(command);
  await sleep(3000);
  if (program.isOver) throw program.failure("ended too early");
  const cpuBefore = cpuSeconds(program.pid);
  const start = performance.now();
  await sleep(1000 * seconds);
  if (program.isOver) throw program.failure("ended too early");
  const used = cpuSeconds(program.pid) - cpuBefore;
  return (100 * 1000 * used) / (performance.now() - start);
}
