import { BatchStream, Dictionary } from "./dictionary.js";
import type { Profile, ProfileMetadata } from "./profile.js";
import type { Nanoseconds, SampleBatch, SampleColumns } from "./sample-batch.js";
import { NOTHING_COUNTED, sumOfCounters } from "./sample-counters.js";

/**
 * The profile of batches that stay where they are, such as in a file: they are read once for what they describe and
 * again for every pass over the samples. Memory holds one batch and the dictionary.
 *
 * @param read Gives the same batches on every call.
 * @param duration How long was sampled; the time of the last sample if not given.
 * @throws ProfileError if a batch is invalid.
 */
export function profileOfBatches(
  metadata: ProfileMetadata,
  read: () => Iterable<SampleBatch>,
  duration?: Nanoseconds,
): Profile {
  const dictionary = new Dictionary();
  let counters = NOTHING_COUNTED;
  let lastTime = 0;
  const stream = new BatchStream(dictionary);
  for (const batch of read()) {
    for (const time of stream.translate(batch).time) if (time > lastTime) lastTime = time;
    counters = sumOfCounters(counters, batch.counters);
  }
  return {
    metadata,
    duration: duration ?? lastTime,
    counters,
    ...dictionary.tables(),
    batches: () => translated(dictionary, read()),
  };
}

function* translated(dictionary: Dictionary, batches: Iterable<SampleBatch>): Generator<SampleColumns> {
  const stream = new BatchStream(dictionary);
  for (const batch of batches) {
    const samples = stream.translate(batch);
    if (samples.time.length > 0) yield samples;
  }
}

/**
 * A profile as batches that describe everything in it: what to record or to merge of a profile in memory. The first describes
 * and counts, those after it are its samples.
 */
export function* batchesOf(profile: Profile): Generator<SampleBatch> {
  const { functions, frames, nodes, processes, threads, counters } = profile;
  yield { functions, frames, nodes, processes, threads, counters, samples: NO_SAMPLES, reset: true };
  for (const samples of profile.batches()) yield { ...NOTHING_DESCRIBED, samples, counters: NOTHING_COUNTED };
}

const none = new Int32Array(0);
const NO_SAMPLES: SampleColumns = {
  time: new Float64Array(0),
  thread: none,
  node: none,
  state: new Uint8Array(0),
  cpu: new Float64Array(0),
};
const NOTHING_DESCRIBED = {
  functions: [],
  frames: { function: none, line: none, column: none, endLine: none, endColumn: none },
  nodes: { parent: none, frame: none },
  processes: [],
  threads: [],
};
