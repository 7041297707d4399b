/** What a sample costs the kernel, counted by strace in a profiler that runs on its own. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { SamplingStatistics } from "@pyspy/stack-sampler";
import { describe, expect, test } from "vitest";
import { findPythons, type Python } from "../../../tools/testing/pythons.js";
import { startTarget } from "./fixtures/live-programs.js";
import { running } from "./fixtures/sampled-pythons.js";

const MOST_CALLS = 3;
/** To wait, and at times for the lock around it. */
const CALLS_OF_SLEEP = 2;
const SAMPLES = 500;
/** Of them, those that are told apart in what strace writes. */
const ENOUGH_SAMPLES = 100;

/** Takes so many samples of a process, which is slow work under strace, and writes what it says that this has taken. */
const PROFILER = `
import { attach } from "@pyspy/stack-sampler";
const sampler = await attach(Number(process.argv[1]), { rate: 1000 });
let taken = 0;
for await (const { samples } of sampler) {
  taken += samples.time.length;
  if (taken >= Number(process.argv[2])) sampler.stop();
}
console.log(JSON.stringify((await sampler.end).statistics));
`;

const perEra = [7, 10, 12, 13, 15].flatMap((minor) =>
  findPythons()
    .filter(({ version, freeThreaded, debug }) => version.minor === minor && !freeThreaded && !debug)
    .slice(0, 1),
);

describe.each(perEra)("CPython $name", (python) => {
  test.each([20, 200])("a sample of %d frames takes one read, and a sleep before it", async (depth) => {
    const { calls, statistics } = await traced(python, depth);
    const samples = samplesIn(calls);
    expect(samples.length).toBeGreaterThan(ENOUGH_SAMPLES);
    // The steady state is what there is most of: what is done now and then, as posting batches and looking for other
    // Pythons, is in few of them.
    const counts = samples.map((names) => names.filter((name) => !OF_THREAD_STATE.has(name)).length);
    counts.sort((left, right) => left - right);
    expect(counts[Math.floor(counts.length / 2)], counts.join(" ")).toBeLessThanOrEqual(MOST_CALLS);
    // Its own account: a read, two looks at a thread that runs, and what was read to learn where things are.
    expect(statistics.systemCalls).toBeGreaterThan(1);
    expect(statistics.systemCalls).toBeLessThan(1 + 2 + 2);
  });
});

/** Files of the thread are open: a look is a read at an offset. */
const OF_THREAD_STATE: ReadonlySet<string> = new Set(["pread64"]);

async function traced(python: Python, depth: number) {
  const program = `
import sys
def descend(left):
    if left > 0:
        return descend(left - 1)
    sys.stdout.write("begun\\n")
    sys.stdout.flush()
    while True:
        pass
descend(${depth - 2})
`;
  const target = startTarget(running(python, program));
  await target.line();
  const folder = mkdtempSync(join(tmpdir(), "pyspy-strace-"));
  try {
    const log = join(folder, "log");
    const profiler = [
      process.execPath,
      "--input-type=module",
      "-e",
      PROFILER,
      ...[target.pid, SAMPLES].map(String),
    ];
    const { stdout } = await promisify(execFile)("strace", ["-f", "-o", log, ...profiler], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
    });
    return {
      calls: callsOfSampler(readFileSync(log, "latin1")),
      statistics: JSON.parse(stdout) as SamplingStatistics,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Names of the system calls of the thread that reads the target, in their order. */
function callsOfSampler(log: string): readonly string[] {
  const lines = log.split("\n").map((line) => /^(\d+) +(\w+)\(/.exec(line));
  const sampler = lines.findLast((match) => match?.[2] === "process_vm_readv")?.[1];
  return lines.flatMap((match) => (match?.[1] === sampler ? [match?.[2] ?? ""] : []));
}

/** Each begins with the sleep before it, or where its point was due already with its look at the thread, and has something read. */
function samplesIn(calls: readonly string[]): readonly (readonly string[])[] {
  const samples: string[][] = [];
  let current: string[] = [];
  for (const name of calls) {
    const begins = name === "futex" || OF_THREAD_STATE.has(name);
    if (begins && current.includes("process_vm_readv")) {
      samples.push(current.slice(startOfSample(current)));
      current = [];
    }
    current.push(name);
  }
  return samples;
}

/** Under strace many points are overslept, and so missed: the sleeps before the last one were not for this sample. */
function startOfSample(calls: readonly string[]): number {
  return Math.max(0, calls.findIndex((name) => name !== "futex") - CALLS_OF_SLEEP);
}
