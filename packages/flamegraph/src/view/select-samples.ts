import type { Profile } from "../profile.js";
import type { FunctionRecord, Nanoseconds, NodeId, SampleColumns, ThreadRecord } from "../sample-batch.js";
import { withSpans } from "../sample-spans.js";

/** What of a profile is looked at. What is not given selects everything. */
export interface SampleSelection {
  /** From this time on, since the start of the profile. */
  readonly from?: Nanoseconds;
  /** Up to this time, which is not included. */
  readonly until?: Nanoseconds;
  /** Samples of which a function, its file or the thread's name matches. */
  readonly include?: RegExp;
  /** All but samples of which a function, its file or the thread's name matches. */
  readonly exclude?: RegExp;
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
  const { from = 0, until = Number.POSITIVE_INFINITY, states } = selection;
  const included = selection.include && matches(profile, selection.include);
  const excluded = selection.exclude && matches(profile, selection.exclude);
  const isWanted = (samples: SampleColumns, row: number) => {
    const time = samples.time[row] ?? 0;
    const thread = samples.thread[row] ?? 0;
    const node = samples.node[row] ?? -1;
    return (
      time >= from &&
      time < until &&
      (states === undefined || states(samples.state[row] ?? 0)) &&
      (included === undefined || included(thread, node)) &&
      !excluded?.(thread, node)
    );
  };
  const spanned = withSpans(profile);
  return { ...profile, batches: () => wantedOf(spanned.batches(), isWanted) };
}

/** Tells whether a sample of a thread in a stack matches, from tables that are made once. */
function matches(profile: Profile, pattern: RegExp): (thread: number, node: NodeId) => boolean {
  // A pattern with the flag `g` or `y` would go on from its last match.
  const plain = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
  const ofFunction = Uint8Array.from(profile.functions, (record) => Number(matchesFunction(plain, record)));
  const ofThread = Uint8Array.from(profile.threads, ({ name }: ThreadRecord) => Number(plain.test(name)));
  const { parent, frame } = profile.nodes;
  const ofNode = new Uint8Array(parent.length);
  // Callers have lower numbers than what they call.
  for (let node = 0; node < parent.length; node++) {
    const caller = parent[node] ?? -1;
    const inherited = caller === -1 ? 0 : (ofNode[caller] ?? 0);
    ofNode[node] = inherited | (ofFunction[profile.frames.function[frame[node] ?? 0] ?? 0] ?? 0);
  }
  return (thread, node) => ofThread[thread] === 1 || ofNode[node] === 1;
}

function matchesFunction(pattern: RegExp, { name, qualname, file }: FunctionRecord): boolean {
  return pattern.test(name) || pattern.test(qualname) || pattern.test(file);
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

function rowsOf(
  { time, thread, node, state, cpu, span, count }: SampleColumns,
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
    ...(span !== undefined && { span: float64(span) }),
    ...(count !== undefined && { count: float64(count) }),
  };
}
