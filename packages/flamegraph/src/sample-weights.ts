import type { Profile } from "./profile.js";
import type { Nanoseconds, SampleColumns } from "./sample-batch.js";
import { SampleSpans } from "./sample-spans.js";
import { type ThreadTracks, threadTracks } from "./thread-tracks.js";

/**
 * How much time a sample of a profile stands for: on average as much as passed between two points of the schedule that were
 * taken. So all samples of a profile weigh the same, shares are the same by samples and by time, and where points were missed
 * the samples that were taken stand for their time too. See docs/decisions/0009-samples-weigh-the-same.md.
 *
 * @returns 0 if it is not known how often was sampled
 */
export function intervalOf({ metadata, counters }: Pick<Profile, "metadata" | "counters">): Nanoseconds {
  if (!(metadata.rate > 0)) return 0;
  const { scheduled, taken } = counters;
  return (1e9 / metadata.rate) * (taken > 0 ? Math.max(1, scheduled / taken) : 1);
}

/**
 * What each sample weighs in formats that weigh by time: {@link intervalOf} the profile. Rows with a count of their own, as other
 * profilers' files have, say themselves what they stand for. If it is not known how often was sampled, it is the time since the
 * thread's previous sample.
 *
 * Rows must be asked for in their order, each once.
 */
export class SampleWeights {
  readonly #interval: Nanoseconds;
  readonly #spans: SampleSpans | undefined;

  constructor(profile: Profile, tracks: Pick<ThreadTracks, "ofThread"> = threadTracks(profile)) {
    this.#interval = intervalOf(profile);
    if (this.#interval === 0) this.#spans = new SampleSpans(profile, tracks);
  }

  of(samples: SampleColumns, row: number): Nanoseconds {
    if (this.#spans !== undefined) return this.#spans.of(samples, row);
    if (samples.count === undefined) return this.#interval;
    return samples.span?.[row] ?? (samples.count[row] ?? 0) * this.#interval;
  }
}

/** The same profile, of which every row says itself what it weighs: to be put beside samples of another rate. */
export function withWeights(profile: Profile): Profile {
  return { ...profile, batches: () => batchesWithWeights(profile) };
}

function* batchesWithWeights(profile: Profile): Generator<SampleColumns> {
  const weights = new SampleWeights(profile);
  for (const samples of profile.batches()) {
    const span = samples.time.map((_, row) => weights.of(samples, row));
    yield { ...samples, span, count: samples.count ?? new Float64Array(span.length).fill(1) };
  }
}
