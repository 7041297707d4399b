import type { Profile } from "../profile.js";
import { foldStacks } from "../stack-tree.js";
import { collapsedStacks } from "./collapsed.js";
import { renderFlamegraphSvg } from "./flamegraph-svg.js";
import type { FormatOptions } from "./format-options.js";

/** {@link renderFlamegraphSvg} of a profile. Frames are as wide as their number of samples. */
export function* flamegraph(profile: Profile, options: FormatOptions = {}): Generator<string> {
  yield renderFlamegraphSvg(foldStacks(profile, options), options);
}

/** {@link collapsedStacks} of a profile. Counts are samples. */
export function* raw(profile: Profile, options: FormatOptions = {}): Generator<string> {
  yield* collapsedStacks(foldStacks(profile, options));
}
