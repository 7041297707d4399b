import { PairTable } from "./pair-table.js";
import type { Profile } from "./profile.js";
import { SampleState } from "./sample-batch.js";
import { SampleWeights } from "./sample-weights.js";

/** Sums over the samples that have a stack (and a thread) in common. Entries are numbered as they first came. */
export interface SampleTotals {
  /** Pairs of (thread, node of the profile); the thread is -1 where threads are not told apart. */
  readonly stacks: PairTable;
  readonly samples: readonly number[];
  /** Time that the samples stand for ({@link SampleWeights}), nanoseconds. */
  readonly time: readonly number[];
  /** Processor time, nanoseconds, as far as it is known. */
  readonly cpu: readonly number[];
  /** Whether it is known for any sample. */
  readonly hasCpu: boolean;
}

/** Which samples count. */
export interface SampleChoice {
  /**
   * Tells by its {@link SampleState} bits whether a sample counts. Default: all but torn ones, whose
   * stacks may never have existed.
   *
   * ```ts
   * include: (state) => (state & SampleState.holdsGil) !== 0 && (state & SampleState.torn) === 0
   * ```
   */
  readonly include?: (state: number) => boolean;
}

export function isNotTorn(state: number): boolean {
  return (state & SampleState.torn) === 0;
}

/** How many samples of `profile` count. */
export function countSamples(profile: Profile, { include = isNotTorn }: SampleChoice = {}): number {
  let samples = 0;
  for (const { state, count } of profile.batches()) {
    for (let row = 0; row < state.length; row++) if (include(state[row] ?? 0)) samples += count?.[row] ?? 1;
  }
  return samples;
}

/** Adds up the samples of `profile` in one pass, without an object for each. */
export function totalSamples(profile: Profile, byThread: boolean, choice: SampleChoice): SampleTotals {
  const include = choice.include ?? isNotTorn;
  const stacks = new PairTable();
  const samples: number[] = [];
  const time: number[] = [];
  const cpu: number[] = [];
  let hasCpu = false;
  const weights = new SampleWeights(profile);
  for (const batch of profile.batches()) {
    const { thread, node, state, count } = batch;
    for (let row = 0; row < node.length; row++) {
      const weight = weights.of(batch, row);
      if (!include(state[row] ?? 0)) continue;
      const stack = stacks.intern(byThread ? (thread[row] ?? 0) : -1, node[row] ?? -1);
      if (stack === samples.length) {
        samples.push(0);
        time.push(0);
        cpu.push(0);
      }
      samples[stack] = (samples[stack] ?? 0) + (count?.[row] ?? 1);
      time[stack] = (time[stack] ?? 0) + weight;
      const used = batch.cpu[row] ?? -1;
      if (used < 0) continue;
      hasCpu = true;
      cpu[stack] = (cpu[stack] ?? 0) + used;
    }
  }
  return { stacks, samples, time, cpu, hasCpu };
}
