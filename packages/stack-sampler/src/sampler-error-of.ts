import {
  type Denial,
  type DeniedAction,
  explainDenial,
  MemoryError,
  type Pid,
  ProcessError,
} from "@pyspy/proc-memory";
import {
  isSamplerError,
  SamplerError,
  type SamplerErrorCode,
  type SamplerErrorFacts,
} from "./sampler-error.js";

/** Any error as one of ours: those of proc-memory keep their facts, others are bugs. */
export function samplerErrorOf(error: unknown): SamplerError {
  if (isSamplerError(error)) return error;
  if (error instanceof ProcessError) {
    const { message, pid, program, denied } = error;
    const facts = { ...(program !== undefined && { program }), cause: error };
    if (pid === undefined) return new SamplerError(codeOf(error), message, facts);
    if (error.code === "permission-denied") return deniedError(message, { ...facts, pid }, denied);
    return new SamplerError(codeOf(error), message, { ...facts, pid });
  }
  if (error instanceof MemoryError) {
    if (error.code === "denied" && error.pid !== undefined)
      return deniedError(error.message, { pid: error.pid, cause: error });
    return new SamplerError(memoryCodes[error.code], error.message, {
      ...(error.pid !== undefined && { pid: error.pid }),
      cause: error,
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new SamplerError("internal", `Cannot go on sampling: ${message}`, { cause: error });
}

/** A process that the kernel does not let us read, or stop, with the reason as far as it can be found; else `message` says what happened. */
export function deniedError(
  message: string,
  facts: SamplerErrorFacts & { readonly pid: Pid },
  denied: DeniedAction = "read",
): SamplerError {
  const denial = denialOf(facts.pid, denied);
  return new SamplerError("permission-denied", denial?.message ?? message, {
    ...facts,
    ...(denial !== undefined && { denial }),
  });
}

function denialOf(pid: Pid, denied: DeniedAction): Denial | undefined {
  try {
    return explainDenial(pid, denied);
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

function codeOf({ code }: ProcessError): SamplerErrorCode {
  return code === "system-error" ? "internal" : code;
}

const memoryCodes: Record<MemoryError["code"], SamplerErrorCode> = {
  unmapped: "internal",
  exited: "exited",
  denied: "permission-denied",
};
