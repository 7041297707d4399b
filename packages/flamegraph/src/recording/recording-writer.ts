import type { ProfileMetadata } from "../profile.js";
import type { Nanoseconds, SampleBatch } from "../sample-batch.js";
import { PREAMBLE } from "./chunk.js";
import { encodeBatch, encodeEnd, encodeMetadata } from "./encode.js";
import { StreamDescription } from "./stream-description.js";

/**
 * Writes batches as they come as a recording (docs/recording-format.md). Every prefix of what was written that ends
 * with a chunk is a recording; nothing is written twice and nothing is changed.
 *
 * ```ts
 * const file = new RecordingFile("profile.pyspy");
 * const writer = new RecordingWriter((bytes) => file.append(bytes), metadata);
 * for await (const batch of sampler) writer.add(batch);
 * writer.end(duration);
 * file.close();
 * ```
 */
export class RecordingWriter {
  readonly #description = new StreamDescription();
  #append: (bytes: Uint8Array) => void;
  #metadata: ProfileMetadata;

  /** @param append Called with whole chunks, in order; what it throws comes through. */
  constructor(append: (bytes: Uint8Array) => void, metadata: ProfileMetadata) {
    this.#append = append;
    this.#metadata = metadata;
    this.#begin();
  }

  /**
   * Appends a batch: it is in the recording when this returns.
   *
   * @throws ProfileError if a number in it is larger than the format can hold.
   */
  add(batch: SampleBatch): void {
    for (const chunk of encodeBatch(batch)) this.#append(chunk);
    this.#description.add(batch);
  }

  /** Replaces what the recording says of itself, where it has become known later. */
  setMetadata(metadata: ProfileMetadata): void {
    this.#metadata = metadata;
    this.#append(encodeMetadata(metadata));
  }

  /**
   * Goes on in another recording, which describes everything it needs: what cuts a recording without end into pieces
   * that can be read, kept and deleted one by one. Times go on as well.
   *
   * @param duration Since the start of the profile, as for {@link end}.
   */
  continueIn(append: (bytes: Uint8Array) => void, duration: Nanoseconds): void {
    this.end(duration);
    this.#append = append;
    this.#begin();
    for (const chunk of encodeBatch(this.#description.asBatch())) this.#append(chunk);
  }

  /** Marks the recording as complete. Nothing may be added afterwards. */
  end(duration: Nanoseconds): void {
    this.#append(encodeEnd(duration));
  }

  #begin(): void {
    this.#append(PREAMBLE);
    this.#append(encodeMetadata(this.#metadata));
  }
}
