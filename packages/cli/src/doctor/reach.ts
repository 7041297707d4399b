import type { Permissions } from "@pyspy/stack-sampler";
import { adviceToBecomeRoot, denialAdvice, isCapable } from "../denial-advice.js";
import type { Invocation } from "../invocation.js";

/**
 * Which processes pyspy can look into here, as far as the machine decides it:
 * - `every`: those of everybody
 * - `own`: those of the same user
 * - `started`: programs that pyspy starts
 * - `none`
 */
export type Reach = "every" | "own" | "started" | "none";

/** From the permissions of pyspy on itself. */
export function reachOf(permissions: Permissions): Reach {
  const { ptraceScope } = permissions;
  if (ptraceScope === 3) return "none";
  if (isCapable(permissions)) return "every";
  if (ptraceScope === 2) return "none";
  return ptraceScope === 1 ? "started" : "own";
}

/** How to reach further; undefined from where all can be reached. */
export function adviceToReachFurther(permissions: Permissions, invocation: Invocation): string | undefined {
  const { ptraceScope } = permissions;
  switch (reachOf(permissions)) {
    case "every":
      return undefined;
    case "own":
      return adviceToBecomeRoot(permissions, invocation);
    default:
      return denialAdvice(
        { reason: { code: "yama", ptraceScope: ptraceScope ?? 0 }, permissions },
        invocation,
      );
  }
}
