import { SampleState } from "../sample-batch.js";

/**
 * Ways to look at a profile: which samples each leaves, by their {@link SampleState} bits. What a sampler did not see is not in any
 * of them; files of other profilers often do not say what their threads did, and then only `wall` and `idle` have samples.
 *
 * ```ts
 * selectSamples(profile, { states: sampleViews.gil });
 * ```
 */
export const sampleViews = {
  /** All time that passed, that of waiting threads too. */
  wall: () => true,
  /** Threads on a processor or ready for one. */
  cpu: (state: number) => (state & SampleState.active) !== 0,
  /** Threads that held the GIL. */
  gil: (state: number) => (state & SampleState.holdsGil) !== 0,
  /** Threads that waited. */
  idle: (state: number) => (state & SampleState.active) === 0,
} as const;

/** The name of a way to look at a profile. */
export type SampleView = keyof typeof sampleViews;
