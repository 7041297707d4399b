/**
 * `npm run bench`: measures pyspy beside its peers. It prints and never decides.
 *
 *   npm run bench                                    all measures, on all Pythons
 *   npm run bench -- rate cpu                        some measures
 *   npm run bench -- --python 3.13 --python 3.15     some Pythons
 *   npm run bench -- rate --target "20 frames"       some targets of rate, cpu and syscalls, by their names in the tables
 *   npm run bench -- --quick                         one short round, to see that everything works
 *   npm run bench -- --output docs/benchmarks.md     write the page, too
 *   npm run bench -- --describe                      measure nothing: print, or write, how it is done
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { findPythons } from "../pythons/find-pythons.js";
import { runCommand } from "../pythons/run-command.js";
import { describeMachine, loadAverage } from "./machine.js";
import { type Measure, seriesOf } from "./measure.js";
import { convert } from "./measures/convert.js";
import { cpu } from "./measures/cpu.js";
import { integrity } from "./measures/integrity.js";
import { memory } from "./measures/memory.js";
import { rate } from "./measures/rate.js";
import { refusal } from "./measures/refusal.js";
import { slowdown } from "./measures/slowdown.js";
import { start } from "./measures/start.js";
import { systemCalls } from "./measures/system-calls.js";
import { type Peers, providePeers } from "./profilers/provide.js";
import { pyspyCommand } from "./profilers/pyspy.js";
import { type Limit, promiseTable } from "./promises.js";
import { reportPage } from "./report.js";
import { targetKinds } from "./target-kinds.js";

const measures = [rate, cpu, systemCalls, integrity, slowdown, start, memory, convert, refusal];

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: "string", multiple: true, default: [] },
    target: { type: "string", multiple: true, default: [] },
    quick: { type: "boolean", default: false },
    describe: { type: "boolean", default: false },
    output: { type: "string" },
  },
});

const unknown = positionals.filter((name) => !measures.some((measure) => measure.name === name));
if (unknown.length > 0) {
  console.error(`no measure ${unknown.join(", ")}; there are ${measures.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
const unknownTargets = flags.target.filter((wanted) => !targetKinds.some(({ name }) => name === wanted));
if (unknownTargets.length > 0) {
  const names = targetKinds.map(({ name }) => `"${name}"`).join(", ");
  console.error(`no target ${unknownTargets.join(", ")}; there are ${names}`);
  process.exit(2);
}
const chosen = measures.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
if (flags.describe) publish(reportPage(chosen));
else publish(await measure(chosen));

function publish(page: string): void {
  if (flags.output !== undefined) writeFileSync(flags.output, page);
  else if (flags.describe) console.log(page);
}

async function measure(wanted: readonly Measure[]): Promise<string> {
  const tell = (message: string) => console.error(`… ${message}`);
  if (!flags.quick && flags.python.length === 0) {
    const minutes = wanted.reduce((sum, one) => sum + one.minutes, 0);
    tell(`this takes about ${minutes} minutes (--quick: a few)`);
  }
  const all = findPythons();
  const pythons = all.filter(
    (python) => flags.python.length === 0 || flags.python.includes(seriesOf(python)),
  );
  const remarks: string[] = [];
  const peers = providePeers(all, (message) => {
    remarks.push(message);
    tell(message);
  });
  const loadBefore = loadAverage();
  const texts = new Map<Measure, string>();
  const figures = new Map<Limit, number>();
  for (const one of wanted) {
    const result = await one.run({ pythons, peers, targets: flags.target, quick: flags.quick, tell });
    texts.set(one, result.text);
    for (const [limit, figure] of result.figures) figures.set(limit, figure);
    console.log(`\n## ${one.title}\n\n${result.text}`);
  }
  const promises = promiseTable(
    wanted.flatMap(({ limits }) => limits),
    figures,
  );
  const conditions = [
    `- ${new Date().toISOString().slice(0, 10)}${flags.quick ? ", one short round only" : ""}`,
    `- ${describeMachine()}, Node ${process.versions.node}`,
    `- ${profilerNames(peers)}`,
    `- load average before: ${loadBefore}`,
    ...remarks.map((remark) => `- ${remark}`),
  ].join("\n");
  console.log(`## Promises\n\n${promises}\n\n${conditions}`);
  return reportPage(measures, { conditions, texts, promises });
}

function profilerNames({ pySpy, austin, profilingSampling }: Peers): string {
  const [node = "", ...words] = pyspyCommand;
  const ours = runCommand(node, [...words, "--version"]).trim();
  return [ours, ...[pySpy, austin, profilingSampling].flatMap((peer) => peer?.name ?? [])].join(", ");
}
