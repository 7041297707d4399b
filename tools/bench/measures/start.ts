import { fileURLToPath } from "node:url";
import { interleave } from "../interleave.js";
import { type Bench, type Measure, pythonsOf, remarks } from "../measure.js";
import { pyspyCommand } from "../profilers/pyspy.js";
import { Program } from "../program.js";
import type { Limit } from "../promises.js";
import { pairedRatios, spreadOf } from "../statistics.js";
import { spread, table } from "../table.js";
import { flat, startTarget } from "../target-kinds.js";

const sampleLimit: Limit = {
  what: "start to one sample() of a shared 3.13, whole process",
  ...{ bound: "at most", value: 1.6, unit: " × node -e 0" },
};
const dumpLimit: Limit = { ...sampleLimit, what: "pyspy dump of a shared 3.13, whole process" };

export const start: Measure = {
  name: "start",
  title: "From the start to one sample",
  how:
    "Whole processes from their start to their end, in turn: Node that does nothing, a program that takes one sample " +
    "through `@pyspy/stack-sampler`, and commands that say their version or dump the stacks of the target. " +
    "Milliseconds; ratios to Node round by round. Where `NODE_EXTRA_CA_CERTS` is set, Node reads those certificates at " +
    "every start, which makes Node itself slower and ratios to it smaller: then all is measured without it, too.",
  minutes: 2,
  limits: [sampleLimit, dumpLimit],
  run,
};

/** Node reads the certificates in this file when it starts. */
const CERTIFICATES = "NODE_EXTRA_CA_CERTS";

/** A program whose whole life is measured. */
interface Life {
  readonly name: string;
  readonly words: readonly string[];
  readonly limit?: Limit;
}

async function run(bench: Bench) {
  const figures = new Map<Limit, number>();
  const failed: [string, string][] = [];
  const rows: string[][] = [];
  for (const python of pythonsOf(bench, ["3.13"])) {
    bench.tell(`start: ${python.name}`);
    await using target = await startTarget(python, flat);
    const node: Life = { name: "node -e 0", words: [process.execPath, "-e", "0"] };
    const lives = [node, ...livesOf(bench, target.pid)];
    const sets = process.env[CERTIFICATES] === undefined ? [lives] : [lives, lives.map(withoutCertificates)];
    const { values, failures } = await interleave(sets.flat(), bench.quick ? 3 : 25, millisecondsOf);
    for (const [{ name }, why] of failures) failed.push([name, why]);
    for (const set of sets) {
      const [base = node] = set;
      for (const life of set) {
        const own = values.get(life);
        if (own === undefined) continue;
        const ratio = spreadOf(pairedRatios(own, values.get(base) ?? []));
        rows.push([life.name, spread(spreadOf(own), " ms"), spread(ratio, " ×")]);
        if (life.limit) figures.set(life.limit, ratio.median);
      }
    }
  }
  const header = ["program", "time", "of node -e 0"];
  return { text: `${table(header, rows)}\n${remarks(failed)}`, figures };
}

function withoutCertificates({ name, words }: Life): Life {
  return { name: `${name}, without ${CERTIFICATES}`, words: ["env", "-u", CERTIFICATES, ...words] };
}

function livesOf({ peers }: Bench, pid: number): readonly Life[] {
  const script = fileURLToPath(new URL("../one-sample.mjs", import.meta.url));
  const lives: Life[] = [
    { name: "one sample()", words: [process.execPath, script, `${pid}`], limit: sampleLimit },
    { name: "pyspy --version", words: [...pyspyCommand, "--version"] },
    { name: "pyspy dump", words: [...pyspyCommand, "dump", "--pid", `${pid}`], limit: dumpLimit },
  ];
  if (peers.pySpyExecutable !== undefined) {
    lives.push({ name: "py-spy dump", words: [peers.pySpyExecutable, "dump", "--pid", `${pid}`] });
  }
  return lives;
}

async function millisecondsOf({ words }: Life): Promise<number> {
  await using program = Program.start(words);
  const { code, seconds } = await program.endsWithin(60);
  if (code !== 0) throw program.failure(`left with ${code}`);
  return 1000 * seconds;
}
