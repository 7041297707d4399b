import { batchesOf, profileOfBatches } from "../batch-profile.js";
import type { Profile, ProfileMetadata } from "../profile.js";
import type { SampleBatch } from "../sample-batch.js";
import { withSpans } from "../sample-spans.js";

/**
 * One profile of several, such as the parts of a long recording or those of several machines. Functions, stacks, processes and
 * threads of equal content are one. Where all say when they began, their times are put on one clock, which begins with the
 * earliest; else each begins at 0. Samples stay where they are: they are read again on each pass.
 *
 * A rate that is not the same for all is 0, unknown; so are other commands.
 */
export function mergeProfiles(profiles: readonly Profile[]): Profile {
  const [first, ...others] = profiles;
  if (first !== undefined && others.length === 0) return first;
  const starts = profiles.map(({ metadata }) => metadata.startTime);
  const start = starts.every((time) => time > 0) ? Math.min(...starts) : 0;
  const offsets = starts.map((time) => (start > 0 ? (time - start) * 1e6 : 0));
  const duration = Math.max(0, ...profiles.map((profile, index) => profile.duration + (offsets[index] ?? 0)));
  const spanned = profiles.map(withSpans);
  const read = () => batchesOfAll(spanned, offsets);
  return profileOfBatches(mergedMetadata(profiles, start), read, duration);
}

function mergedMetadata(profiles: readonly Profile[], startTime: number): ProfileMetadata {
  const all = profiles.map(({ metadata }) => metadata);
  const [first] = all;
  const isSame = (value: (metadata: ProfileMetadata) => unknown) =>
    first !== undefined &&
    all.every((metadata) => JSON.stringify(value(metadata)) === JSON.stringify(value(first)));
  return {
    command: first !== undefined && isSame(({ command }) => command) ? first.command : [],
    rate: first !== undefined && isSame(({ rate }) => rate) ? first.rate : 0,
    startTime,
    ...(first?.title !== undefined && isSame(({ title }) => title) && { title: first.title }),
    versions: Object.assign({}, ...all.map(({ versions }) => versions ?? {})),
  };
}

function* batchesOfAll(profiles: readonly Profile[], offsets: readonly number[]): Generator<SampleBatch> {
  for (const [index, profile] of profiles.entries()) {
    const offset = offsets[index] ?? 0;
    for (const batch of batchesOf(profile)) {
      const { samples } = batch;
      yield offset === 0
        ? batch
        : { ...batch, samples: { ...samples, time: samples.time.map((time) => time + offset) } };
    }
  }
}
