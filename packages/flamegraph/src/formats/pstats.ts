import { type MarshalValue, marshal } from "../bytes/marshal-writer.js";
import { callGraph } from "../call-graph.js";
import type { Profile } from "../profile.js";
import { ShownStacks } from "../shown-stacks.js";
import type { FormatOptions } from "./format-options.js";

/**
 * Writes what Python's `cProfile` saves and its `pstats` reads, as do snakeviz and gprof2dot: `python3 -m pstats FILE`.
 *
 * It is a marshalled dict from (file, first line, function) to (primitive calls, calls, own time, cumulative time,
 * callers); callers map to the same four. A sampler does not see calls: both are the number of samples with the function in their
 * stack. Times are seconds that the samples stand for (`SampleWeights`), and recursion does not inflate them.
 */
export function* pstats(profile: Profile, options: FormatOptions = {}): Generator<Uint8Array> {
  const shown = new ShownStacks(profile, options);
  const { self, total, callers } = callGraph(profile, shown, options);
  const keys = shown.functions.map(
    ({ file, firstLine, name }): MarshalValue => ({
      // A function without a file is `~`, line 0, as cProfile has it for those that are built in.
      tuple: [{ text: file || "~" }, { int: file === "" ? 0 : Math.max(0, firstLine) }, { text: name }],
    }),
  );
  const callersOf: [MarshalValue, MarshalValue][][] = keys.map(() => []);
  for (let pair = 0; pair < callers.pairs.size; pair++) {
    const caller = keys[callers.pairs.second(pair)];
    if (caller === undefined) continue;
    const seen = callers.seen[pair] ?? 0;
    const row = rowOf(seen, callers.self.time[pair] ?? 0, callers.total.time[pair] ?? 0);
    callersOf[callers.pairs.first(pair)]?.push([caller, { tuple: row }]);
  }
  if (keys.length === 0) keys.push(NOTHING);
  yield marshal({
    dict: keys.map((key, id) => {
      const row = rowOf(total.samples[id] ?? 0, self.time[id] ?? 0, total.time[id] ?? 0);
      return [key, { tuple: [...row, { dict: callersOf[id] ?? [] }] }];
    }),
  });
}

/** pstats refuses a dict without entries. */
const NOTHING: MarshalValue = { tuple: [{ text: "~" }, { int: 0 }, { text: "<no samples>" }] };

function rowOf(samples: number, self: number, total: number): MarshalValue[] {
  const calls = { int: Math.round(samples) };
  return [calls, calls, { float: self / 1e9 }, { float: total / 1e9 }];
}
