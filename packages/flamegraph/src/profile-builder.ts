import { BatchStream, Dictionary } from "./dictionary.js";
import type { Profile, ProfileMetadata } from "./profile.js";
import type { Nanoseconds, SampleBatch, SampleColumns } from "./sample-batch.js";
import { NOTHING_COUNTED, sumOfCounters } from "./sample-counters.js";

/**
 * Collects batches into a {@link Profile} in memory (25 bytes a sample).
 *
 * ```ts
 * const builder = new ProfileBuilder({ command: ["python3", "app.py"], rate: 100, startTime: Date.now() });
 * for await (const batch of sampler) builder.add(batch);
 * const profile = builder.finish();
 * ```
 */
export class ProfileBuilder {
  readonly #metadata: ProfileMetadata;
  readonly #dictionary = new Dictionary();
  readonly #stream = new BatchStream(this.#dictionary);
  readonly #batches: SampleColumns[] = [];
  #counters = NOTHING_COUNTED;
  #lastTime: Nanoseconds = 0;

  constructor(metadata: ProfileMetadata) {
    this.#metadata = metadata;
  }

  /**
   * Adds a batch. Its arrays belong to the profile from then on; do not change them.
   *
   * @throws ProfileError if the batch contradicts itself or those before it; the profile is then as if it had not come.
   */
  add(batch: SampleBatch): void {
    const samples = this.#stream.translate(batch);
    this.#counters = sumOfCounters(this.#counters, batch.counters);
    if (samples.time.length === 0) return;
    this.#batches.push(samples);
    for (const time of samples.time) if (time > this.#lastTime) this.#lastTime = time;
  }

  /**
   * The profile of what was added so far. Adding more afterwards does not change it.
   *
   * @param duration How long was sampled; the time of the last sample if not given.
   */
  finish(duration: Nanoseconds = this.#lastTime): Profile {
    const batches = this.#batches.slice();
    return {
      metadata: this.#metadata,
      duration,
      counters: this.#counters,
      ...this.#dictionary.tables(),
      batches: () => batches,
    };
  }
}
