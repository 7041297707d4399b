import { MemoryError, ProcessError } from "@pyspy/proc-memory";
import { isSamplerError, SamplerError, type SamplerErrorCode } from "../sampler-error.js";

/** Any error as one of ours: those of proc-memory keep their facts, others are bugs. */
export function samplerErrorOf(error: unknown): SamplerError {
  if (isSamplerError(error)) return error;
  if (error instanceof ProcessError) {
    const { message, pid, program } = error;
    const facts = {
      ...(pid !== undefined && { pid }),
      ...(program !== undefined && { program }),
      cause: error,
    };
    return new SamplerError(error.code === "system-error" ? "internal" : error.code, message, facts);
  }
  if (error instanceof MemoryError) {
    return new SamplerError(memoryCodes[error.code], error.message, {
      ...(error.pid !== undefined && { pid: error.pid }),
      cause: error,
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new SamplerError("internal", `Cannot go on sampling: ${message}`, { cause: error });
}

const memoryCodes: Record<MemoryError["code"], SamplerErrorCode> = {
  unmapped: "internal",
  exited: "exited",
  denied: "permission-denied",
};
