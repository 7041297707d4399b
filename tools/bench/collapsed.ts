/** A stack that a profiler recorded, and how often. */
export interface RecordedStack {
  /** Names of functions, outermost first, without files and lines. */
  readonly functions: readonly string[];
  readonly count: number;
}

/**
 * How a profiler writes collapsed stacks:
 * - `named`: `<module> (flat.py:5);hot_a (flat.py:3) 12` (py-spy and pyspy)
 * - `placed`: `tid:12;/tmp/flat.py:<module>:5;/tmp/flat.py:hot_a:3 12` (profiling.sampling)
 * - `timed`: `P1;T0:1;/tmp/flat.py:<module>:5 21`, a line for each sample, with its microseconds (Austin)
 */
export type CollapsedDialect = "named" | "placed" | "timed";

/** Reads collapsed stacks. Lines that are not a stack (comments, blank ones) are passed over. */
export function parseCollapsed(text: string, dialect: CollapsedDialect): readonly RecordedStack[] {
  const counts = new Map<string, number>();
  for (const line of text.split("\n")) {
    const space = line.lastIndexOf(" ");
    const weight = Number(line.slice(space + 1));
    if (space <= 0 || line.startsWith("#") || !Number.isFinite(weight)) continue;
    const stack = line.slice(0, space);
    counts.set(stack, (counts.get(stack) ?? 0) + (dialect === "timed" ? 1 : weight));
  }
  const functionsOf = dialect === "named" ? namedFunctions : placedFunctions;
  return [...counts].map(([stack, count]) => ({ functions: functionsOf(stack), count }));
}

function namedFunctions(stack: string): readonly string[] {
  return stack.split(";").map((frame) => frame.replace(/ \([^()]*\)$/, ""));
}

function placedFunctions(stack: string): readonly string[] {
  return stack
    .split(";")
    .filter((frame) => !/^(P\d+|T\d+:\w+|tid:\d+)$/.test(frame))
    .map((frame) => /^(?:.*:)?(.+):-?\d+$/.exec(frame)?.[1] ?? frame);
}

/** How many samples there are of stacks that contain a function; of all, if none is named. */
export function countSamples(stacks: readonly RecordedStack[], containing?: string): number {
  return stacks
    .filter(({ functions }) => containing === undefined || functions.includes(containing))
    .reduce((sum, { count }) => sum + count, 0);
}

/**
 * How many samples show what never was.
 *
 * @param chains every chain of calls that the program makes; a stack is the beginning of one of them
 */
export function countImpossible(
  stacks: readonly RecordedStack[],
  chains: readonly (readonly string[])[],
): number {
  return stacks
    .filter(
      ({ functions }) => !chains.some((chain) => functions.every((name, depth) => name === chain[depth])),
    )
    .reduce((sum, { count }) => sum + count, 0);
}
