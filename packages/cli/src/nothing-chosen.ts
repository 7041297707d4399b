import { countSamples, type Profile, SampleState, sampleViews } from "@pyspy/flamegraph";
import type { ConvertCommand } from "./convert-arguments.js";
import { inputName } from "./input-file.js";
import { samplesIn } from "./messages.js";

/**
 * Why a file that was asked for is empty, and what to do about it.
 *
 * @param all samples that there are before any is left out
 */
export function nothingChosenMessage(
  { choice, inputs }: ConvertCommand,
  profile: Profile,
  all: number,
): string {
  if (all === 0) {
    const torn = countSamples(profile, { include: () => true });
    if (torn > 0) return `Nothing to show: ${samplesIn(torn)} changed while read; use --torn to see them`;
    return `Nothing to show: there are no samples in ${inputs.map(inputName).join(", ")}`;
  }
  const isCounted = (state: number) => choice.torn || (state & SampleState.torn) === 0;
  const isInMode = sampleViews[choice.mode];
  const inMode = countSamples(profile, { include: (state) => isCounted(state) && isInMode(state) });
  if (inMode === 0) {
    return `Nothing to show: ${nothingIn[choice.mode]} in any of ${samplesIn(all)}; use --mode wall to see all`;
  }
  const given = (["from", "until", "include", "exclude"] as const).filter(
    (name) => choice[name] !== undefined,
  );
  const filters = given.map((name) => `--${name}`).join(", ");
  return `Nothing to show: none of ${samplesIn(all)} is left by ${filters}`;
}

const nothingIn = {
  wall: "there is nothing",
  cpu: "no thread was on a processor",
  gil: "no thread held the GIL",
  idle: "no thread waited",
} as const;
