import type { ThreadStopper, Tid } from "@pyspy/proc-memory";
import type { Nanoseconds } from "../sample-batch.js";

/** What came of stopping threads. */
export interface Stop {
  /** 0 if none was stopped. */
  readonly duration: Nanoseconds;
  /** How many ran on because they may not be stopped, or did not stop in time. */
  readonly refused: number;
  readonly late: number;
}

/** Has threads stand still while `read` looks at them. Tells what came of it, also if `read` fails. */
export function whileStopped(
  stopper: ThreadStopper,
  tids: readonly Tid[],
  read: () => void,
  onResumed?: (stop: Stop) => void,
): void {
  let refused = 0;
  let late = 0;
  try {
    const outcome = stopper.stop(tids);
    refused = outcome.refused.length;
    late = outcome.late.length;
    read();
  } finally {
    const duration = stopper.resume();
    onResumed?.({ duration, refused, late });
  }
}
