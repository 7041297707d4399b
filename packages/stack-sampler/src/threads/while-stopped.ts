import type { ThreadStopper, Tid } from "@pyspy/proc-memory";
import type { Nanoseconds } from "../sample-batch.js";

/** Has threads stand still while `read` looks at them. Tells for how long they did, if any did, also if `read` fails. */
export function whileStopped(
  stopper: ThreadStopper,
  tids: readonly Tid[],
  read: () => void,
  onResumed?: (duration: Nanoseconds) => void,
): void {
  try {
    stopper.stop(tids);
    read();
  } finally {
    const duration = stopper.resume();
    if (duration > 0) onResumed?.(duration);
  }
}
