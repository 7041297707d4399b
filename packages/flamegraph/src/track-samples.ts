import type { Profile } from "./profile.js";
import type { Nanoseconds, NodeId } from "./sample-batch.js";
import { SampleSpans } from "./sample-spans.js";
import { isNotTorn, type SampleChoice } from "./sample-totals.js";
import { SampleWeights } from "./sample-weights.js";
import type { ThreadTracks } from "./thread-tracks.js";

/** A sample as formats that tell it apart from others need it. */
export interface TrackSample {
  /** Index in {@link ThreadTracks.tracks}. */
  readonly track: number;
  readonly time: Nanoseconds;
  /** How long its thread was seen in it before `time`: {@link SampleSpans}. */
  readonly span: Nanoseconds;
  /** How much time it stands for: {@link SampleWeights}. */
  readonly weight: Nanoseconds;
  readonly node: NodeId;
  readonly state: number;
  /** -1 if unknown. */
  readonly cpu: Nanoseconds;
  /** Bytes; -1 if unknown. */
  readonly resident: number;
  /** How many samples it is. */
  readonly count: number;
}

/** The samples that count, in their order. All are the same object, which is filled anew for each: none is kept. */
export function* trackSamples(
  profile: Profile,
  threads: ThreadTracks,
  choice: SampleChoice,
): Generator<TrackSample> {
  const include = choice.include ?? isNotTorn;
  const spans = new SampleSpans(profile, threads);
  const weights = new SampleWeights(profile, threads);
  const sample = {
    track: 0,
    time: 0,
    span: 0,
    weight: 0,
    node: -1,
    state: 0,
    cpu: -1,
    resident: -1,
    count: 1,
  };
  for (const batch of profile.batches()) {
    for (let row = 0; row < batch.node.length; row++) {
      sample.span = spans.of(batch, row);
      sample.weight = weights.of(batch, row);
      sample.state = batch.state[row] ?? 0;
      if (!include(sample.state)) continue;
      sample.track = threads.ofThread[batch.thread[row] ?? 0] ?? 0;
      sample.time = batch.time[row] ?? 0;
      sample.node = batch.node[row] ?? -1;
      sample.cpu = batch.cpu[row] ?? -1;
      sample.resident = batch.resident?.[row] ?? -1;
      sample.count = batch.count?.[row] ?? 1;
      yield sample;
    }
  }
}
