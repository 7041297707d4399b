import { platformTo } from "./platform/platform.js";

/**
 * Has this thread sleep for up to a second; less if a signal comes. Nothing else can wake it. `Atomics.wait` does the same with
 * two system calls instead of one, and takes a fifth longer to do so.
 *
 * @param milliseconds - may have a fraction
 * @throws ProcessError `unsupported-platform`; what koffi throws where it is not to be had
 * @example nap(0.5)
 */
export function nap(milliseconds: number): void {
  platformTo("take a nap").nap(milliseconds);
}
