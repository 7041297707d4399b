import type { Profile } from "../profile.js";
import { type ProfileSummary, summarize } from "../summary.js";
import type { FormatOptions } from "./format-options.js";

/**
 * Writes a {@link ProfileSummary} as JSON, for scripts: what was recorded, sums over all samples, the first `top` functions and all
 * threads. Times are nanoseconds that samples stand for (`SampleWeights`); `startTime` is milliseconds since 1970.
 *
 * ```sh
 * jq -r '.functions[] | "\(.self) \(.name)"' summary.json
 * ```
 */
export function* summaryJson(profile: Profile, options: FormatOptions = {}): Generator<string> {
  const { functions, ...summary }: ProfileSummary = summarize(profile, options);
  const shown = functions.slice(0, options.top ?? 20);
  yield `${JSON.stringify({ ...summary, functionCount: functions.length, functions: shown }, wellFormed, 2)}\n`;
}

/** Many JSON readers refuse lone surrogates, which a command line may hold. */
function wellFormed(_: string, value: unknown): unknown {
  return typeof value === "string" ? value.replace(LONE_SURROGATES, "\ufffd") : value;
}

const LONE_SURROGATES = /\p{Cs}/gu;
