import type { Pid } from "@pyspy/proc-memory";
import { matchesAny, namePatterns } from "../name-patterns.js";
import type { SamplerOptions } from "../sampler.js";
import type { InterpreterTrack } from "./thread-list.js";
import type { ThreadTrack } from "./thread-track.js";

/**
 * Which threads are sampled. The others are neither read nor looked at, which is what makes this more than leaving them out
 * afterwards.
 */
export interface ThreadChoice {
  /** Only the first thread of the process. */
  readonly mainThread?: boolean;
  /** Only who holds the GIL. */
  readonly gilHolder?: boolean;
  /** None with such a name. */
  readonly exclude?: readonly RegExp[] | undefined;
}

/** What the options of a sampler say of it; the same however samples are asked for. */
export function choiceOf({
  mainThread = false,
  gilHolder = false,
  excludeThreads,
}: Pick<SamplerOptions, "mainThread" | "gilHolder" | "excludeThreads">): ThreadChoice {
  return { mainThread, gilHolder, exclude: excludeThreads && namePatterns(excludeThreads) };
}

/** Whether `track` is one of them, as far as is known before it is read. */
export function isChosen(
  { mainThread, gilHolder, exclude }: ThreadChoice,
  track: ThreadTrack,
  { holder }: InterpreterTrack,
  pid: Pid,
): boolean {
  // A kernel id that is not known may be any thread's.
  if (mainThread && track.tid !== 0 && track.tid !== pid) return false;
  if (gilHolder && track.threadState !== holder) return false;
  return exclude === undefined || !matchesAny(exclude, track.name);
}
