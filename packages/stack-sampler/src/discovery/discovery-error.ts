import type { ProcessView } from "@pyspy/proc-memory";
import { SamplerError } from "../sampler-error.js";
import { deniedError } from "../sampler-error-of.js";
import type { Discovery } from "./discovery.js";

/** Why a process cannot be sampled in which nothing was found, for which one may have waited so many milliseconds. */
export function discoveryError(
  process: ProcessView,
  discovery: Exclude<Discovery, { kind: "found" }>,
  waited = 0,
): SamplerError {
  const { pid, executable } = process;
  const facts = { pid, ...(executable !== undefined && { executable }) };
  const target = `process ${pid}${executable === undefined ? "" : ` (${executable})`}`;
  switch (discovery.kind) {
    case "unsupported":
      return new SamplerError("unsupported-python", `Cannot sample ${target}: ${discovery.reason}`, {
        ...facts,
        cause: discovery.cause,
      });
    case "denied":
      return deniedError(`Cannot sample ${target}: this user may not read its memory`, facts);
    case "starting":
      return new SamplerError(
        "not-started",
        `Cannot sample ${target}: its Python has not started ${after(waited)}`,
        facts,
      );
    case "finalized":
      return new SamplerError("finalized", `Cannot sample ${target}: its Python has been finalized`, facts);
    default:
      return new SamplerError("not-python", `Cannot sample ${target}: it is not a Python program`, facts);
  }
}

function after(milliseconds: number): string {
  const seconds = (milliseconds / 1000).toFixed(1);
  return seconds === "0.0" ? "yet" : `after ${Number(seconds)} s`;
}
