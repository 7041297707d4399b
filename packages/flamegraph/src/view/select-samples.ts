import type { Profile } from "../profile.js";
import type { Nanoseconds, SampleColumns } from "../sample-batch.js";
import { withSpans } from "../sample-spans.js";
import { MatchingSamples } from "./matching-samples.js";
import type { NamePatterns } from "./pattern-matches.js";

/** What of a profile is looked at. What is not given selects everything. */
export interface SampleSelection {
  /** From this time on, since the start of the profile. */
  readonly from?: Nanoseconds;
  /** Up to this time, which is not included. */
  readonly until?: Nanoseconds;
  /** Samples of which a function, its file or the thread's name matches. */
  readonly include?: NamePatterns;
  /** All but samples of which a function, its file or the thread's name matches. */
  readonly exclude?: NamePatterns;
  /** By their {@link SampleState} bits. */
  readonly states?: (state: number) => boolean;
}

/**
 * The part of `profile` that `selection` selects. Samples stay where they are: each pass over them goes through all and
 * leaves out those that are not wanted. Times go on counting from the start of the profile.
 *
 * A pattern is tried once on each function and each thread. A function's names are its own and the qualified one; its file is the
 * whole path.
 *
 * ```ts
 * const requests = selectSamples(profile, { from: 10e9, until: 20e9, include: /^handle_/, exclude: /site-packages/ });
 * ```
 */
export function selectSamples(profile: Profile, selection: SampleSelection): Profile {
  const { from = 0, until = Number.POSITIVE_INFINITY } = selection;
  const matching = new MatchingSamples(selection);
  matching.describe(profile);
  const isWanted = (samples: SampleColumns, row: number) => {
    const time = samples.time[row] ?? 0;
    return time >= from && time < until && matching.has(samples, row);
  };
  const spanned = withSpans(profile);
  return { ...profile, batches: () => wantedOf(spanned.batches(), isWanted) };
}

function* wantedOf(
  batches: Iterable<SampleColumns>,
  isWanted: (samples: SampleColumns, row: number) => boolean,
): Generator<SampleColumns> {
  for (const samples of batches) {
    const rows: number[] = [];
    for (let row = 0; row < samples.time.length; row++) if (isWanted(samples, row)) rows.push(row);
    if (rows.length === samples.time.length) yield samples;
    else if (rows.length > 0) yield rowsOf(samples, rows);
  }
}

/** Only these rows, in their order. */
export function rowsOf(
  { time, thread, node, state, cpu, resident, span, count }: SampleColumns,
  rows: readonly number[],
): SampleColumns {
  const float64 = (column: Float64Array) => Float64Array.from(rows, (row) => column[row] ?? 0);
  const int32 = (column: Int32Array) => Int32Array.from(rows, (row) => column[row] ?? 0);
  return {
    time: float64(time),
    thread: int32(thread),
    node: int32(node),
    state: Uint8Array.from(rows, (row) => state[row] ?? 0),
    cpu: float64(cpu),
    ...(resident !== undefined && { resident: float64(resident) }),
    ...(span !== undefined && { span: float64(span) }),
    ...(count !== undefined && { count: float64(count) }),
  };
}
