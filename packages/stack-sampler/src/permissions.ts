import { inspectPermissions as inspect, type Permissions, type Pid } from "@pyspy/proc-memory";
import { samplerErrorOf } from "./sampler-error-of.js";

/**
 * Finds out what decides whether this process may look into another one, and tries it. Nothing is done to the other
 * process.
 *
 * Throws {@link SamplerError}: `no-such-process`, `exited`, `unsupported-platform`.
 *
 * ```ts
 * console.log(inspectPermissions(1234).trials.processVmReadv.permitted);
 * ```
 */
export function inspectPermissions(pid: Pid): Permissions {
  try {
    return inspect(pid);
  } catch (error) {
    throw samplerErrorOf(error);
  }
}
