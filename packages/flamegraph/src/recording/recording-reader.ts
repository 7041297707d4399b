import { checkBatch } from "../batch-check.js";
import { profileOfBatches } from "../batch-profile.js";
import type { Profile, ProfileMetadata } from "../profile.js";
import { isProfileError, ProfileError } from "../profile-error.js";
import type { Nanoseconds, SampleBatch } from "../sample-batch.js";
import { CHUNK_HEADER, ChunkType, EXT_32, PREAMBLE, RECORDING_VERSION } from "./chunk.js";
import { ChunkDecoder } from "./decode.js";

/** Bytes that are read piece by piece, such as those of a file. */
export interface ByteSource {
  readonly size: number;
  /** The `length` bytes at `position`; fewer only if the source ends before. They may be overwritten by the next call. */
  read(position: number, length: number): Uint8Array;
}

/** A recording that was opened: what it says of itself, and its batches as often as wanted. */
export interface Recording {
  readonly metadata: ProfileMetadata;
  /** How long was sampled; absent if the recording was cut off. */
  readonly duration?: Nanoseconds;
  /** False if it was cut off: its writer was killed, or still writes. What is there is good nevertheless. */
  readonly complete: boolean;
  /** Bytes at the end that are left out: of a chunk that was begun or, if it is {@link damaged}, from the first on that is no good. */
  readonly bytesCutOff: number;
  /** True if something else than a recording is at its end, such as the zeros that a computer leaves that lost power. */
  readonly damaged: boolean;
  /**
   * The batches in their order, from the first on each call.
   *
   * @throws ProfileError on one that is damaged, while it is iterated.
   */
  batches(): Iterable<SampleBatch>;
  /**
   * Reads all that is described; samples stay where they are until they are asked for.
   *
   * @throws ProfileError on a batch that is damaged.
   */
  profile(): Profile;
}

/** True if `bytes`, the first of a file, are those of a recording. */
export function isRecording(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && MAGIC.every((byte, index) => bytes[index] === byte);
}

const MAGIC = PREAMBLE.subarray(0, -1);

/**
 * Opens a recording, of which only the headers of chunks are read here.
 *
 * @throws ProfileError if it is none, is of a later version, or is damaged before its first batch.
 */
export function readRecording(bytes: Uint8Array | ByteSource): Recording {
  const source = bytes instanceof Uint8Array ? sourceOf(bytes) : bytes;
  checkPreamble(source.read(0, PREAMBLE.length));
  let metadata: ProfileMetadata = { command: [], rate: 0, startTime: 0 };
  let duration: Nanoseconds | undefined;
  const batches: ChunkPlace[] = [];
  let position = PREAMBLE.length;
  let damaged = false;
  try {
    for (let chunk = chunkAt(source, position); chunk !== undefined; chunk = chunkAt(source, position)) {
      if (chunk.type === ChunkType.metadata) metadata = decoderOf(source, chunk).metadata();
      else if (chunk.type === ChunkType.batch) batches.push(chunk);
      else if (chunk.type === ChunkType.end) duration = decoderOf(source, chunk).duration();
      position = chunk.start + CHUNK_HEADER + chunk.length;
    }
  } catch (error) {
    if (!isProfileError(error) || batches.length === 0) throw error;
    damaged = true;
  }
  if (damaged || (duration === undefined && !isLastWhole(source, batches))) {
    const whole = countWhole(source, batches);
    const first = batches[whole];
    if (first !== undefined && whole > 0) {
      batches.length = whole;
      position = first.start;
      duration = undefined;
      damaged = true;
    }
  }
  const read = () => batchesAt(source, batches);
  return {
    metadata,
    ...(duration !== undefined && { duration }),
    complete: duration !== undefined,
    bytesCutOff: source.size - position,
    damaged,
    batches: read,
    profile: () => profileOfBatches(metadata, read, duration),
  };
}

function sourceOf(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (position, length) => bytes.subarray(position, position + length) };
}

function checkPreamble(bytes: Uint8Array): void {
  if (!isRecording(bytes)) fail("it does not begin as one", 0);
  const version = bytes[MAGIC.length];
  // A chunk is only ever added to the format without a new version, so that readers may pass what they do not know.
  if (version !== undefined && version !== RECORDING_VERSION) {
    fail(`it is of version ${version}, and only ${RECORDING_VERSION} is known here`, MAGIC.length);
  }
}

interface ChunkPlace {
  readonly start: number;
  readonly length: number;
  readonly type: number;
}

/** The chunk that begins at `start`, if it is there as a whole. */
function chunkAt(source: ByteSource, start: number): ChunkPlace | undefined {
  const header = source.read(start, CHUNK_HEADER);
  if (header.length > 0 && header[0] !== EXT_32) fail(`there is no chunk at byte ${start}`, start);
  if (header.length < CHUNK_HEADER) return undefined;
  const view = new DataView(header.buffer, header.byteOffset, CHUNK_HEADER);
  const length = view.getUint32(1);
  if (start + CHUNK_HEADER + length > source.size) return undefined;
  return { start, length, type: view.getUint8(5) };
}

function decoderOf(source: ByteSource, { start, length }: ChunkPlace): ChunkDecoder {
  return new ChunkDecoder(source.read(start + CHUNK_HEADER, length), start);
}

/** The last batch of a recording without an end is the one that may have been written in part. */
function isLastWhole(source: ByteSource, batches: readonly ChunkPlace[]): boolean {
  const last = batches.at(-1);
  try {
    if (last !== undefined) decoderOf(source, last).batch();
    return true;
  } catch (error) {
    if (!isProfileError(error)) throw error;
    return false;
  }
}

/** How many batches can be read before one that cannot. */
function countWhole(source: ByteSource, batches: readonly ChunkPlace[]): number {
  let count = 0;
  try {
    for (const _ of batchesAt(source, batches)) count += 1;
  } catch (error) {
    if (!isProfileError(error)) throw error;
  }
  return count;
}

function* batchesAt(source: ByteSource, places: readonly ChunkPlace[]): Generator<SampleBatch> {
  const described = { functions: 0, frames: 0, nodes: 0, processes: 0, threads: 0 };
  for (const place of places) {
    const batch = decoderOf(source, place).batch();
    if (batch.reset)
      for (const name of Object.keys(described) as (keyof typeof described)[]) described[name] = 0;
    try {
      checkBatch(batch, described);
    } catch (error) {
      if (isProfileError(error))
        fail(`the chunk at byte ${place.start} is damaged (${error.part})`, place.start, error);
      throw error;
    }
    described.functions += batch.functions.length;
    described.frames += batch.frames.function.length;
    described.nodes += batch.nodes.parent.length;
    described.processes += batch.processes.length;
    described.threads += batch.threads.length;
    yield batch;
  }
}

function fail(reason: string, index: number, cause?: unknown): never {
  throw new ProfileError("invalid-file", reason, { part: "recording", index }, { cause });
}
