import type { Python } from "../pythons/find-pythons.js";
import type { Profiler } from "./profilers/profiler.js";
import type { Peers } from "./profilers/provide.js";
import { pyspy } from "./profilers/pyspy.js";
import type { Figures, Limit } from "./promises.js";

/** Something that can be measured of profilers. */
export interface Measure {
  /** One word, for the command line. */
  readonly name: string;
  readonly title: string;
  /** How it is measured: a paragraph for who reads the figures. */
  readonly how: string;
  /** About how long it takes on all Pythons. */
  readonly minutes: number;
  readonly limits: readonly Limit[];
  run(bench: Bench): Promise<Result>;
}

/** What a measure found. */
export interface Result {
  /** Tables and remarks, in Markdown. */
  readonly text: string;
  readonly figures: Figures;
}

/** What there is to measure with. */
export interface Bench {
  readonly pythons: readonly Python[];
  readonly peers: Peers;
  /** The names of the targets that are wanted; empty if all are. */
  readonly targets: readonly string[];
  /** One short round instead of several long ones, to see that everything works. */
  readonly quick: boolean;
  /** Says what is going on. */
  tell(message: string): void;
}

/** Those of a measure's targets that are wanted. */
export function targetsOf<Kind extends { readonly name: string }>(
  { targets }: Bench,
  kinds: readonly Kind[],
): readonly Kind[] {
  return kinds.filter(({ name }) => targets.length === 0 || targets.includes(name));
}

/** One interpreter for each of these versions that was asked for and is here: 64-bit, with the GIL, no debug build. */
export function pythonsOf(bench: Bench, series: readonly string[]): readonly Python[] {
  return series.flatMap((wanted) => {
    const all = bench.pythons.filter(
      ({ version, bits, debug, freeThreaded }) =>
        seriesOf({ version }) === wanted && bits === 64 && !debug && !freeThreaded,
    );
    return all.find(({ shared }) => shared) ?? all[0] ?? [];
  });
}

/** `3.13` */
export function seriesOf({ version }: Pick<Python, "version">): string {
  return `${version.major}.${version.minor}`;
}

/** pyspy, then those of its peers that are here and can sample this Python. */
export function profilersFor(
  { version }: Python,
  peers: readonly (Profiler | undefined)[],
): readonly Profiler[] {
  return [pyspy, ...peers].filter(
    (profiler): profiler is Profiler =>
      profiler !== undefined && profiler.minors[0] <= version.minor && version.minor <= profiler.minors[1],
  );
}

/** Every version that the measures know. */
export const allSeries: readonly string[] = ["3.8", "3.11", "3.12", "3.13", "3.15"];

/** A list of what could not be measured, or nothing. */
export function remarks(failures: Iterable<readonly [what: string, why: string]>): string {
  const lines = [...failures].map(([what, why]) => `- ${what}: ${why}`);
  return lines.length === 0 ? "" : `\nLeft out:\n\n${lines.join("\n")}\n`;
}
