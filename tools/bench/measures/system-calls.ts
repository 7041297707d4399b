import { readFileSync } from "node:fs";
import { countSamples } from "../collapsed.js";
import { interleave } from "../interleave.js";
import { type Bench, type Measure, profilersFor, pythonsOf, remarks, targetsOf } from "../measure.js";
import type { Profiler } from "../profilers/profiler.js";
import { pyspy } from "../profilers/pyspy.js";
import type { Limit } from "../promises.js";
import { record } from "../record.js";
import { callsPerSample, parseStraceSummary } from "../strace-summary.js";
import { number, table } from "../table.js";
import { deep20, deep200, flat, startTarget, type TargetKind, threads21 } from "../target-kinds.js";
import { TemporaryFolder } from "../temporary-folder.js";

/** pyspy reads the states of threads by these, from descriptors that it keeps open, and nothing else. */
const threadStateCalls = ["pread64"];

const limit: Limit = {
  what: "system calls a sample, OS thread states apart, to 200 frames",
  ...{ bound: "at most", value: 3, unit: "" },
};

export const systemCalls: Measure = {
  name: "syscalls",
  title: "System calls a sample",
  how:
    "Each profiler's command runs under `strace -c -f` at 100 samples a second for four seconds and for twelve. What the " +
    "longer run did more, divided by the samples that it recorded more (those marked torn included), is what a " +
    `sample takes once everything is known. Of pyspy's, ${threadStateCalls.join(", ")} only reads the states of ` +
    "threads from the operating system.",
  minutes: 14,
  limits: [limit],
  run,
};

async function run(bench: Bench) {
  const { pySpy, austin, profilingSampling } = bench.peers;
  const failed: [string, string][] = [];
  const rows: string[][] = [];
  let most = Number.NaN;
  for (const python of pythonsOf(bench, ["3.11", "3.13", "3.15"])) {
    for (const kind of targetsOf(bench, [flat, deep20, deep200, threads21])) {
      bench.tell(`syscalls: ${python.name}, ${kind.name}`);
      await using target = await startTarget(python, kind);
      const profilers = profilersFor(python, [pySpy, austin, profilingSampling]);
      const { values, failures } = await interleave(profilers, 1, (profiler) =>
        callsOf(profiler, target.pid, kind),
      );
      for (const [profiler, why] of failures) {
        failed.push([`${profiler.name} on ${python.name}, ${kind.name}`, why]);
      }
      for (const [profiler, [calls]] of values) {
        if (calls === undefined) continue;
        const own = sumOf(calls.filter(([name]) => !threadStateCalls.includes(name)));
        if (profiler === pyspy && kind !== threads21) most = Number.isNaN(most) ? own : Math.max(most, own);
        const frequent = calls.slice(0, 4).map(([name, count]) => `${number(count)} ${name}`);
        rows.push([python.name, kind.name, profiler.name, number(sumOf(calls)), frequent.join(", ")]);
      }
    }
  }
  const header = ["Python", "target", "profiler", "calls a sample", "most of them"];
  return { text: `${table(header, rows)}\n${remarks(failed)}`, figures: new Map([[limit, most]]) };
}

async function callsOf(profiler: Profiler, pid: number, kind: TargetKind) {
  const shorter = await traced(profiler, pid, kind, 4);
  const longer = await traced(profiler, pid, kind, 12);
  return callsPerSample(longer.calls, shorter.calls, longer.samples - shorter.samples);
}

async function traced(profiler: Profiler, pid: number, { worker }: TargetKind, seconds: number) {
  using folder = new TemporaryFolder();
  const summary = folder.file("calls");
  const under = ["strace", "-f", "-c", "-o", summary];
  const { stacks, torn } = await record(profiler, { pid, rate: 100, seconds, under });
  const calls = parseStraceSummary(readFileSync(summary, "utf8"));
  return { calls, samples: countSamples(stacks, worker) + torn };
}

function sumOf(calls: readonly (readonly [string, number])[]): number {
  return calls.reduce((sum, [, count]) => sum + count, 0);
}
