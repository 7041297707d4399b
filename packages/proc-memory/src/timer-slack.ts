import { platformTo } from "./platform/platform.js";

/**
 * Has this thread woken when the time that it sleeps is over, and not up to 50 µs later, which the system else takes to wake
 * several at once. It takes no rights. Threads and processes that this one starts from then on are woken so, too.
 *
 * @throws ProcessError `unsupported-platform`; what koffi throws where it is not to be had
 * @example dropTimerSlack()
 */
export function dropTimerSlack(): void {
  platformTo("drop timer slack").dropTimerSlack();
}
