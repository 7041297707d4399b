import { SampleState } from "@pyspy/stack-sampler";
import type { DumpedProcess, DumpedThread } from "./dumped.js";

/** What a thread was doing, as bits of its state have it. */
export interface ThreadDoing {
  readonly active: boolean;
  readonly holdsGil: boolean;
  readonly wantsGil: boolean;
  readonly collecting: boolean;
  readonly torn: boolean;
}

export function doingOf({ state }: DumpedThread): ThreadDoing {
  return {
    active: (state & SampleState.active) !== 0,
    holdsGil: (state & SampleState.holdsGil) !== 0,
    wantsGil: (state & SampleState.wantsGil) !== 0,
    collecting: (state & SampleState.collecting) !== 0,
    torn: (state & SampleState.torn) !== 0,
  };
}

/** `idle`, `active+gil`, `idle, waiting for the GIL`; "" if there is nothing to say, as of most threads in a core. */
export function stateText({ core }: DumpedProcess, thread: DumpedThread): string {
  const { active, holdsGil, wantsGil, collecting, torn } = doingOf(thread);
  // A core does not tell what was on a processor.
  const activity = core === undefined ? (active ? "active" : "idle") : "";
  return [
    [activity, holdsGil ? "gil" : ""].filter(Boolean).join("+"),
    wantsGil ? "waiting for the GIL" : "",
    collecting ? "collecting garbage" : "",
    torn ? "changed while it was read" : "",
    thread.isSignalled ? (core?.signal?.name ?? "") : "",
  ]
    .filter(Boolean)
    .join(", ");
}
