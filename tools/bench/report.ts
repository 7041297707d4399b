import type { Measure } from "./measure.js";

/** The page that keeps what a run has found, or only tells how it is done. */
export function reportPage(
  measures: readonly Measure[],
  run?: {
    readonly conditions: string;
    readonly texts: ReadonlyMap<Measure, string>;
    readonly promises: string;
  },
): string {
  const parts = [introduction];
  if (run) parts.push(`## This run\n\n${run.conditions}\n`, `## Promises\n\n${run.promises}\n`);
  for (const measure of measures) {
    parts.push(`## ${measure.title}\n\n${wrapped(`\`${measure.name}\`: ${measure.how}`)}`);
    const text = run?.texts.get(measure);
    if (text !== undefined) parts.push(text);
  }
  return parts.join("\n");
}

/** In lines of the width of our pages. */
function wrapped(paragraph: string): string {
  return paragraph.replace(/(.{1,118})(?: |$)/g, "$1\n");
}

const introduction = `# Benchmarks

How pyspy compares with py-spy, with Austin and with CPython 3.15's \`profiling.sampling\`: all of them on the same
running targets, in turn, in the same run, so that whatever the machine does meanwhile meets all of them. Figures are
medians, with the quartiles in parentheses. Benchmarks print and never decide; only ratios of one run mean something.

\`\`\`sh
npm run build
npm run bench                                      # everything; it says first how long that takes
npm run bench -- rate cpu                          # some measures
npm run bench -- --python 3.13 --quick             # one version, one short round: whether everything works
npm run bench -- rate --target "20 frames"         # some targets of rate, cpu and syscalls, by their names in the tables
npm run bench -- --output docs/benchmarks.md       # write this page
\`\`\`

py-spy comes from PyPI, Austin from Debian (with the C library that it needs), the interpreters from this machine and
from \`npm run pythons -- --provide\`; what cannot be had is said and left out. The machine should have nothing else to do.
`;
