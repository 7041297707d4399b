import type { Profile } from "./profile.js";
import type { Nanoseconds, SampleColumns } from "./sample-batch.js";
import { type ThreadTracks, threadTracks } from "./thread-tracks.js";

/**
 * Which time before each sample its thread was in the stack that was seen, as far as is known: what is drawn over time. What samples
 * weigh is another matter: `SampleWeights`.
 *
 * Where the sampler measured it ({@link SampleColumns.span}), that is it. Else it is the time since the thread's previous sample,
 * because intervals are random and a late sample stands for more. A thread that was not seen for longer
 * than {@link LONGEST_IN_INTERVALS} intervals was asleep in between, or had not begun, and its sample stands for one interval.
 * (Of intervals with a Poisson schedule, one in 22,000 is longer.)
 *
 * Rows must be asked for in their order, each once.
 */
export class SampleSpans {
  readonly #trackOf: Int32Array;
  readonly #interval: Nanoseconds;
  readonly #passed: PassedTimes;

  constructor(profile: Profile, { ofThread }: Pick<ThreadTracks, "ofThread"> = threadTracks(profile)) {
    this.#trackOf = ofThread;
    this.#interval = profile.metadata.rate > 0 ? 1e9 / profile.metadata.rate : 0;
    this.#passed = new PassedTimes(this.#interval);
  }

  of(samples: SampleColumns, row: number): Nanoseconds {
    if (samples.span !== undefined) return samples.span[row] ?? 0;
    if (samples.count !== undefined) return (samples.count[row] ?? 0) * this.#interval;
    return this.#passed.until(samples.time[row] ?? 0, this.#trackOf[samples.thread[row] ?? 0] ?? 0);
  }
}

/** What is longer was no wait for the next sample. */
const LONGEST_IN_INTERVALS = 10;

/** The time that samples stand for by when the previous one of the same thread was, as {@link SampleSpans} has it. */
export class PassedTimes {
  readonly #interval: Nanoseconds;
  readonly #lastTime: number[] = [];

  /** @param interval between samples on average; 0 if it is not known */
  constructor(interval: Nanoseconds) {
    this.#interval = interval;
  }

  until(time: Nanoseconds, track: number): Nanoseconds {
    const passed = time - (this.#lastTime[track] ?? Number.NaN);
    this.#lastTime[track] = time;
    if (passed >= 0 && (this.#interval === 0 || passed <= LONGEST_IN_INTERVALS * this.#interval))
      return passed;
    return this.#interval;
  }

  /** Forgets all: threads have other numbers from now on. */
  reset(): void {
    this.#lastTime.length = 0;
  }
}

/**
 * The same profile, of which every sample says how much time it stands for: what has to be known before samples are left out or
 * put beside others.
 */
export function withSpans(profile: Profile): Profile {
  return { ...profile, batches: () => batchesWithSpans(profile) };
}

function* batchesWithSpans(profile: Profile): Generator<SampleColumns> {
  const spans = new SampleSpans(profile);
  for (const samples of profile.batches()) {
    yield samples.span === undefined
      ? { ...samples, span: samples.time.map((_, row) => spans.of(samples, row)) }
      : samples;
  }
}
