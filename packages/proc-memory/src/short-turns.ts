import { platformTo } from "./platform/platform.js";

/**
 * Asks the system to let this thread run in short turns, which come the sooner: one that sleeps most of the time and then has little to do
 * is woken in time also where many others want the processors. It takes no rights, gives no more of a processor, and is not for what
 * works for milliseconds at a time. Threads and processes that this one starts from then on have short turns, too.
 *
 * @returns whether the system knows such a wish (Linux does from 6.12 on, and says nothing before), and has not been told otherwise
 */
export function takeShortTurns(): boolean {
  return platformTo("take short turns").takeShortTurns();
}
