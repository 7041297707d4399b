import { batchesOf } from "../batch-profile.js";
import type { Profile } from "../profile.js";
import { RecordingWriter } from "../recording/recording-writer.js";

/** Writes a profile as a recording (docs/recording-format.md): all that is known of it, torn samples too, whatever is asked to be shown. */
export function* recording(profile: Profile): Generator<Uint8Array> {
  let pending: Uint8Array[] = [];
  const writer = new RecordingWriter((bytes) => pending.push(bytes), profile.metadata);
  for (const batch of batchesOf(profile)) {
    writer.add(batch);
    yield* pending;
    pending = [];
  }
  writer.end(profile.duration);
  yield* pending;
}
