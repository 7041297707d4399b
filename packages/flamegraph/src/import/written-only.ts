import { ProfileError } from "../profile-error.js";

/**
 * Throws if a file is of a format that this package writes and does not read: what readers of other formats would say of it would
 * mislead. Told by its first bytes, as other programs write these formats too.
 */
export function refuseWrittenOnly(bytes: Uint8Array): void {
  const start = Buffer.from(bytes.subarray(0, 4096)).toString("latin1");
  const [what] = WRITTEN_ONLY.find(([, pattern]) => pattern.test(start)) ?? [];
  if (what !== undefined) throw new ProfileError("written-only", `it is ${what}`, { part: what });
}

const WRITTEN_ONLY: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["an SVG", /^(?:\xef\xbb\xbf)?\s*<(?:\?xml|svg)[\s>]/],
  ["a Chrome trace", /^\s*(?:\{\s*"traceEvents"\s*:|\[\s*(?:\]\s*$|\{[^{}]*"ph"\s*:))/],
  ["a profile for the Firefox Profiler", /^\s*\{\s*"meta"\s*:/],
  ["a file for callgrind", /^(?:# callgrind format|version: \d+\ncreator: )/],
  // A marshalled dict whose first key is a tuple.
  ["a file for pstats", /^[\x7b\xfb][()\xa8\xa9]/],
  // A message whose first field is a message, where pprof has a number. The lowest byte of a length that is above 127 has its highest bit set.
  ["an OpenTelemetry profile", /^\n[\x80-\xff]*[^\x80-\xff]\n/],
  // Without samples it is the dictionary alone, which begins with an empty mapping and another one.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the bytes of a message are such.
  ["an OpenTelemetry profile", /^\x12[\x80-\xff]*[^\x80-\xff]\n\x00\n/],
  ["a list of samples as JSON lines", /^\{"type":"profile",/],
  [
    "a summary of a profile",
    /^\{\s*"metadata":|^ +self +total +function$|^\| self \| \| total \| \| function \|$|^There are no samples to show\.$/m,
  ],
];
