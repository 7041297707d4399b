import type { SampleCounters } from "./sample-batch.js";

export const NOTHING_COUNTED: SampleCounters = {
  scheduled: 0,
  taken: 0,
  missed: 0,
  attempted: 0,
  good: 0,
  torn: 0,
  unreadable: 0,
};

export function sumOfCounters(left: SampleCounters, right: SampleCounters): SampleCounters {
  return {
    scheduled: left.scheduled + right.scheduled,
    taken: left.taken + right.taken,
    missed: left.missed + right.missed,
    attempted: left.attempted + right.attempted,
    good: left.good + right.good,
    torn: left.torn + right.torn,
    unreadable: left.unreadable + right.unreadable,
  };
}
