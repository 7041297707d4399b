import { batchesOf, profileOfBatches } from "../batch-profile.js";
import type { Profile, ProfileMetadata } from "../profile.js";
import type { Nanoseconds, SampleBatch } from "../sample-batch.js";
import { withSpans } from "../sample-spans.js";
import { withWeights } from "../sample-weights.js";

/**
 * One profile of several, such as the parts of a long recording or those of several machines. Functions, stacks, processes and
 * threads of equal content are one. Where all say when they began, their times are put on one clock, which begins with the
 * earliest; else they follow each other in the order in which they are given. Samples stay where they are: they are read again
 * on each pass.
 *
 * A rate that is not the same for all is 0, unknown, and each sample keeps the weight that it has alone; other commands are none.
 */
export function mergeProfiles(profiles: readonly Profile[]): Profile {
  const [first, ...others] = profiles;
  if (first !== undefined && others.length === 0) return first;
  const starts = profiles.map(({ metadata }) => metadata.startTime);
  const start = starts.every((time) => time > 0) ? Math.min(...starts) : 0;
  const metadata = mergedMetadata(profiles, start);
  const alone = profiles.map(metadata.rate > 0 ? withSpans : withWeights);
  const parts = start > 0 ? onOneClock(alone, start) : oneAfterAnother(alone);
  const duration = Math.max(0, ...parts.map(({ profile, offset }) => profile.duration + offset));
  return profileOfBatches(metadata, () => batchesOfAll(parts), duration);
}

interface Part {
  readonly profile: Profile;
  /** What its times are later than those of the merged profile. */
  readonly offset: Nanoseconds;
}

/** In the order of their first samples: a thread's samples must not go back in time, in whatever order its parts were given. */
function onOneClock(profiles: readonly Profile[], start: number): readonly Part[] {
  return profiles
    .map((profile) => ({ profile, offset: (profile.metadata.startTime - start) * 1e6 }))
    .map((part) => ({ ...part, begin: part.offset + firstTimeOf(part.profile) }))
    .sort((left, right) => left.begin - right.begin);
}

function firstTimeOf({ batches }: Profile): Nanoseconds {
  for (const { time } of batches()) return time[0] ?? 0;
  return 0;
}

function oneAfterAnother(profiles: readonly Profile[]): readonly Part[] {
  let end = 0;
  return profiles.map((profile) => {
    const { rate } = profile.metadata;
    // A sample at the very start stands for the interval before it.
    const offset = end === 0 ? 0 : end + (rate > 0 ? 1e9 / rate : 0);
    end = offset + profile.duration;
    return { profile, offset };
  });
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

function* batchesOfAll(parts: readonly Part[]): Generator<SampleBatch> {
  for (const { profile, offset } of parts) {
    for (const batch of batchesOf(profile)) {
      const { samples } = batch;
      yield offset === 0
        ? batch
        : { ...batch, samples: { ...samples, time: samples.time.map((time) => time + offset) } };
    }
  }
}
