import { type ExitStatus, exitSentence } from "@pyspy/proc-memory";
import { SamplerError } from "../sampler-error.js";
import type { AttachOrder, LaunchOrder } from "./protocol.js";

/** How the search for a Python can end without one. */
type SearchEnd = "exited" | "stopped" | "duration";

/** What is said of a target in which no Python was found before the search ended; `status` if it is known how it has exited. */
export function endedTooSoon(
  target: AttachOrder | LaunchOrder,
  end: SearchEnd,
  status?: ExitStatus,
): SamplerError {
  if (target.kind === "attach") {
    const { pid } = target;
    const [code, reason] =
      end === "exited"
        ? (["exited", exitSentence(status)] as const)
        : (["not-started", "sampling was to end before a Python was found in it"] as const);
    return new SamplerError(code, `Cannot sample process ${pid}: ${reason}`, { pid });
  }
  const program = target.program[0] ?? "";
  return new SamplerError("not-python", `Cannot sample ${program}: ${searchEnds[end]}`, { program });
}

const searchEnds: Record<SearchEnd, string> = {
  exited: "it ended before a Python was found in it",
  stopped: "sampling was stopped before a Python was found in it",
  duration: "no Python was found in it in the time to sample it",
};
