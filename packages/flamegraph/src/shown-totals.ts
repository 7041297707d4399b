import { PairTable } from "./pair-table.js";
import type { Profile } from "./profile.js";
import type { ThreadId } from "./sample-batch.js";
import { type SampleChoice, totalSamples } from "./sample-totals.js";
import type { ShownStacks } from "./shown-stacks.js";

/** Sums over the samples of one thread in one shown stack. */
export interface ShownTotal {
  /** -1 where threads are not told apart. */
  readonly thread: ThreadId;
  readonly stack: number;
  samples: number;
  /** Nanoseconds that they stand for. */
  time: number;
  /** Nanoseconds on a processor, as far as they are known. */
  cpu: number;
}

export interface ShownTotals {
  readonly totals: readonly ShownTotal[];
  readonly hasCpu: boolean;
}

/** Adds up the samples of `profile` by what `shown` makes of their stacks. */
export function shownTotals(
  profile: Profile,
  shown: ShownStacks,
  byThread: boolean,
  choice: SampleChoice,
): ShownTotals {
  const { stacks, samples, time, cpu, hasCpu } = totalSamples(profile, byThread, choice);
  const pairs = new PairTable();
  const totals: ShownTotal[] = [];
  for (let entry = 0; entry < stacks.size; entry++) {
    const thread = stacks.first(entry);
    const stack = shown.ofNode(stacks.second(entry));
    const pair = pairs.intern(thread, stack);
    const total = totals[pair] ?? { thread, stack, samples: 0, time: 0, cpu: 0 };
    totals[pair] = total;
    total.samples += samples[entry] ?? 0;
    total.time += time[entry] ?? 0;
    total.cpu += cpu[entry] ?? 0;
  }
  return { totals, hasCpu };
}
