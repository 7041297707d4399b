import { libc } from "./libc.js";

/** x86-64; prctl(2) */
const SYS_PRCTL = 157;
const PR_SET_TIMERSLACK = 29;
/** 0 would mean what the thread began with. */
const LEAST_NANOSECONDS = 1;

/** See `dropTimerSlack`. */
export function dropLinuxTimerSlack(): void {
  libc().syscall(SYS_PRCTL, PR_SET_TIMERSLACK, LEAST_NANOSECONDS, 0);
}
