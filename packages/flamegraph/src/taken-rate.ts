import type { Profile } from "./profile.js";
import { intervalOf } from "./sample-weights.js";

/**
 * Samples a second that were taken, which are fewer than were asked for where points of the schedule were missed; 0 if it is
 * not known.
 */
export function takenRate(profile: Pick<Profile, "metadata" | "counters">): number {
  const { rate, sampling } = profile.metadata;
  if (profile.counters.missed === 0 || !(rate > 0)) return rate;
  return Math.min(rate, sampling?.["rate"] ?? 1e9 / intervalOf(profile));
}

/** `100 a second`, or `67.8 a second (100 asked for)`. */
export function rateText(taken: number, asked: number): string {
  const [reached, wanted] = [numbers.format(taken), numbers.format(asked)];
  return `${reached} a second${reached === wanted ? "" : ` (${wanted} asked for)`}`;
}

const numbers = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
