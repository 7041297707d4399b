import { SamplerError } from "../sampler-error.js";
import type { AttachOrder, LaunchOrder } from "./protocol.js";

/** What is said of a target that was over before there was a Python to sample in it. */
export function endedTooSoon(target: AttachOrder | LaunchOrder): SamplerError {
  if (target.kind === "attach") {
    const { pid } = target;
    return new SamplerError("exited", `Cannot sample process ${pid}: it has exited`, { pid });
  }
  const program = target.program[0] ?? "";
  const message = `Cannot sample ${program}: it ended before a Python was found in it`;
  return new SamplerError("not-python", message, { program });
}
