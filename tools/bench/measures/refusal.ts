import { copyFileSync } from "node:fs";
import { interleave } from "../interleave.js";
import type { Bench, Measure } from "../measure.js";
import { pyspy, pyspyCommand } from "../profilers/pyspy.js";
import { Program } from "../program.js";
import type { Limit } from "../promises.js";
import { spreadOf } from "../statistics.js";
import { spread, table } from "../table.js";
import { TemporaryFolder } from "../temporary-folder.js";

const limit: Limit = {
  what: '"not Python" is told, after start-up',
  ...{ bound: "at most", value: 150, unit: " ms" },
};

export const refusal: Measure = {
  name: "refusal",
  title: "Not a Python",
  how:
    "The command is asked to record programs that are no Python: `sleep`, Node, and `sleep` in a file that is called " +
    "python3. The time of the whole process, less that of `pyspy --version` right before it. The slowest counts.",
  minutes: 1,
  limits: [limit],
  run,
};

async function run(bench: Bench) {
  using folder = new TemporaryFolder();
  const disguised = folder.file("python3");
  copyFileSync("/bin/sleep", disguised);
  const programs = [
    { name: "sleep", words: ["/bin/sleep", "3600"] },
    { name: "node", words: [process.execPath, "-e", "setTimeout(() => {}, 3600e3)"] },
    { name: "sleep called python3", words: [disguised, "3600"] },
  ];
  bench.tell("refusal");
  const { values } = await interleave(programs, bench.quick ? 3 : 15, async ({ words }) => {
    await using program = Program.start(words);
    const version = await millisecondsOf([...pyspyCommand, "--version"], 0);
    const output = folder.file("unused");
    const request = { pid: program.pid, rate: 100, seconds: 1, output };
    return (await millisecondsOf(pyspy.command(request), 1)) - version;
  });
  const rows = [...values].map(([{ name }, times]) => [name, spread(spreadOf(times), " ms")]);
  const slowest = Math.max(...[...values.values()].map((times) => spreadOf(times).median));
  return { text: `${table(["program", "time"], rows)}\n`, figures: new Map([[limit, slowest]]) };
}

async function millisecondsOf(words: readonly string[], expected: number): Promise<number> {
  await using program = Program.start(words);
  const { code, seconds } = await program.endsWithin(60);
  if (code !== expected) throw program.failure(`left with ${code}`);
  return 1000 * seconds;
}
