import { callGraph } from "./call-graph.js";
import { printable } from "./printable-text.js";
import type { Profile, ProfileMetadata } from "./profile.js";
import type { Nanoseconds, SampleCounters } from "./sample-batch.js";
import type { SampleChoice } from "./sample-totals.js";
import { ShownStacks } from "./shown-stacks.js";
import { shownTotals } from "./shown-totals.js";
import type { LabelOptions } from "./stack-label.js";
import { takenRate } from "./taken-rate.js";
import { threadTracks } from "./thread-tracks.js";

/** A profile in a few numbers. */
export interface ProfileSummary {
  readonly metadata: ProfileMetadata;
  readonly duration: Nanoseconds;
  /** Samples a second that were taken; `metadata.rate` were asked for. 0 if unknown. */
  readonly rate: number;
  readonly counters: SampleCounters;
  /** Samples that count here: those that the choice leaves. */
  readonly samples: number;
  /** Nanoseconds that they stand for. */
  readonly time: Nanoseconds;
  /** All that were seen, by what they ran themselves, then by name. */
  readonly functions: readonly FunctionSummary[];
  /** By their samples. */
  readonly threads: readonly ThreadSummary[];
}

export interface FunctionSummary {
  readonly name: string;
  /** "" if unknown. */
  readonly file: string;
  /** Where the function begins; 0 if unknown. */
  readonly line: number;
  /** Samples in which it was the innermost. */
  readonly self: number;
  /** Samples in which it was in the stack, however often. */
  readonly total: number;
  readonly selfTime: Nanoseconds;
  readonly totalTime: Nanoseconds;
}

export interface ThreadSummary {
  /** 0 if unknown. */
  readonly pid: number;
  readonly id: number;
  readonly name: string;
  readonly samples: number;
  readonly time: Nanoseconds;
}

/** Adds a profile up by function and by thread. */
export function summarize(profile: Profile, options: LabelOptions & SampleChoice = {}): ProfileSummary {
  const shown = new ShownStacks(profile, options);
  const { all, self, total } = callGraph(profile, shown, options);
  const functions = shown.functions.map(({ name, file, firstLine }, id) => ({
    name,
    file,
    line: firstLine,
    self: self.samples[id] ?? 0,
    total: total.samples[id] ?? 0,
    selfTime: self.time[id] ?? 0,
    totalTime: total.time[id] ?? 0,
  }));
  functions.sort((left, right) => right.self - left.self || right.total - left.total || byName(left, right));
  return {
    metadata: profile.metadata,
    duration: profile.duration,
    rate: takenRate(profile),
    counters: profile.counters,
    samples: all.samples,
    time: all.time,
    functions,
    threads: summarizeThreads(profile, shown, options),
  };
}

function summarizeThreads(profile: Profile, shown: ShownStacks, choice: SampleChoice): ThreadSummary[] {
  const { tracks, ofThread } = threadTracks(profile);
  const sums = tracks.map(({ process, id, name }) => ({
    pid: process?.pid ?? 0,
    id,
    name: printable(name),
    samples: 0,
    time: 0,
  }));
  for (const { thread, samples, time } of shownTotals(profile, shown, true, choice).totals) {
    const sum = sums[ofThread[thread] ?? -1];
    if (sum === undefined) continue;
    sum.samples += samples;
    sum.time += time;
  }
  return sums.filter(({ samples }) => samples > 0).sort((left, right) => right.samples - left.samples);
}

/** By code units: the same on every machine, whatever its language. */
function byName(left: FunctionSummary, right: FunctionSummary): number {
  const [one, other] = [left, right].map(({ name, file, line }) => `${name}\0${file}\0${line}`);
  return one === other ? 0 : (one ?? "") < (other ?? "") ? -1 : 1;
}
