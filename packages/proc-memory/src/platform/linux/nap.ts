import { libc } from "./libc.js";

/** What `usleep` takes everywhere. */
const LONGEST_MICROSECONDS = 999_999;

/** See `nap`. */
export function napOnLinux(milliseconds: number): void {
  const microseconds = Math.min(LONGEST_MICROSECONDS, milliseconds * 1000);
  if (microseconds >= 1) libc().usleep(microseconds);
}
