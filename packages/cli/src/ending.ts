import { constants } from "node:os";
import type { ExitStatus } from "@pyspy/stack-sampler";

/** How pyspy ends: with a code, or by a signal that it sends itself. */
export type Ending = { readonly code: number } | { readonly signal: EndingSignal };

/**
 * Signals that pyspy can die of as the program did. The others become 128 + n: KILL cannot be imitated, those that
 * dump core would leave a core of Node, and Node uses or ignores USR1 and PIPE.
 */
const endingSignals = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const;
export type EndingSignal = (typeof endingSignals)[number];

/** pyspy's own ending for that of a program it started: whoever waits for pyspy sees what became of the program. */
export function endingOf(status: ExitStatus): Ending {
  if (status.signal === undefined) return { code: status.code };
  const signal = endingSignals.find((candidate) => candidate === status.signal);
  return signal === undefined ? { code: 128 + status.signalNumber } : { signal };
}

/** Ends this process. By a signal where asked, since a shell stops its script for a Ctrl-C only if it sees that. */
export function leave(ending: Ending): never {
  if ("code" in ending) process.exit(ending.code);
  process.removeAllListeners(ending.signal);
  process.kill(process.pid, ending.signal);
  process.exit(128 + constants.signals[ending.signal]);
}
