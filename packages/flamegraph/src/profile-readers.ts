import { gunzipSync } from "node:zlib";
import { failToRead } from "./import/import-error.js";
import { type ReadableFormat, recognise } from "./import/recognise.js";
import { refuseWrittenOnly } from "./import/written-only.js";
import type { Profile } from "./profile.js";

/**
 * Reads a profile of any of these formats, which is told by its bytes, also when it is compressed with gzip: recordings of this
 * package, collapsed stacks (py-spy's `raw`, Austin's, flamegraph.pl's), speedscope, pprof, Austin's MOJO and the binary files of
 * CPython's `profiling.sampling`.
 *
 * A recording that is too large for memory is read with {@link readRecording} from a {@link RecordingFileSource}.
 *
 * ```ts
 * const profile = await readProfile(readFileSync("profile.speedscope.json"));
 * ```
 *
 * @throws ProfileError if the bytes are none of these (code `written-only` for formats that are only written), or damaged. A recording and Austin's files may be cut off.
 */
export async function readProfile(bytes: Uint8Array): Promise<Profile> {
  const format = recognise(bytes);
  if (format !== "gzip") return read(format, bytes);
  const plain = decompress(bytes);
  const inner = recognise(plain);
  return inner === "gzip" ? failToRead("gzip", "it is compressed twice") : read(inner, plain);
}

async function read(format: PlainFormat, bytes: Uint8Array): Promise<Profile> {
  if (UNMARKED.has(format)) refuseWrittenOnly(bytes);
  return (await READERS[format]())(bytes);
}

type PlainFormat = Exclude<ReadableFormat, "gzip">;

/** What is taken for one of these may as well be another. */
const UNMARKED: ReadonlySet<PlainFormat> = new Set(["json", "pprof", "raw"]);

/** Each is loaded when it is needed. */
const READERS: Readonly<Record<PlainFormat, () => Promise<(bytes: Uint8Array) => Profile>>> = {
  pyspy: async () => {
    const { readRecording } = await import("./recording/recording-reader.js");
    return (bytes) => readRecording(bytes).profile();
  },
  raw: async () => (await import("./import/collapsed.js")).readCollapsed,
  json: async () => (await import("./import/speedscope.js")).readSpeedscope,
  pprof: async () => (await import("./import/pprof.js")).readPprof,
  austin: async () => (await import("./import/austin-mojo.js")).readMojo,
  tachyon: async () => (await import("./import/tachyon.js")).readTachyon,
};

function decompress(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_DECOMPRESSED });
  } catch (cause) {
    return failToRead("gzip", "it is damaged, cut off, or more than 1 GiB", undefined, cause);
  }
}

const MOST_DECOMPRESSED = 2 ** 30;
