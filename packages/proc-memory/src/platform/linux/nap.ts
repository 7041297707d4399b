import { libc } from "./libc.js";

/** What `usleep` takes everywhere. */
const LONGEST_MICROSECONDS = 999_999;
const idle = new Int32Array(new SharedArrayBuffer(4));

/** See `nap`. */
export function napOnLinux(milliseconds: number): void {
  const microseconds = Math.min(LONGEST_MICROSECONDS, milliseconds * 1000);
  if (!(microseconds >= 1)) return;
  try {
    libc().usleep(microseconds);
  } catch {
    // Where koffi is not to be had.
    Atomics.wait(idle, 0, 0, microseconds / 1000);
  }
}
