import type {
  FrameColumns,
  FunctionRecord,
  Nanoseconds,
  NodeColumns,
  ProcessRecord,
  SampleColumns,
  SampleCounters,
  ThreadRecord,
} from "./sample-batch.js";

/** What is known of a profile before its first sample. */
export interface ProfileMetadata {
  /** What was sampled, as it was typed: `["python3", "app.py"]`; empty if unknown. */
  readonly command: readonly string[];
  /** Samples a second that were asked for; 0 if unknown. */
  readonly rate: number;
  /** Start of the profile in milliseconds since 1970 (`Date.now()`); every sample's time counts from here. */
  readonly startTime: number;
  /** What to call the profile; the command if absent. */
  readonly title?: string;
  /** Versions of what took part: `{ pyspy: "0.1.0", python: "3.12.1" }`. */
  readonly versions?: Readonly<Record<string, string>>;
  /** What the sampling itself took, by what is counted: `{ "duration p99": 120000, "system calls": 3.1 }`. */
  readonly sampling?: Readonly<Record<string, number>>;
}

/**
 * Samples and what they refer to. Nothing in it changes once it is built.
 *
 * Ids here are the profile's own: functions, frames, nodes, processes and threads of equal content have one
 * id, also where the sampler numbered them anew. Samples are not held as one array: {@link Profile.batches}
 * gives them in pieces, as often as wanted, so that a profile may stay in a file while it is folded.
 */
export interface Profile {
  readonly metadata: ProfileMetadata;
  /** Time from the start to the end of the sampling. */
  readonly duration: Nanoseconds;
  /** Sums over all batches. */
  readonly counters: SampleCounters;
  readonly functions: readonly FunctionRecord[];
  readonly frames: FrameColumns;
  readonly nodes: NodeColumns;
  readonly processes: readonly ProcessRecord[];
  readonly threads: readonly ThreadRecord[];
  /** The samples in the order in which they came, from the first on each call. */
  batches(): Iterable<SampleColumns>;
}
