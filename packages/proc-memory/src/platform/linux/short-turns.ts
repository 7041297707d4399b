import { getPriority } from "node:os";
import { libc } from "./libc.js";

/** x86-64; sched_setattr(2) */
const SYS_SCHED_SETATTR = 314;
const SYS_SCHED_GETSCHEDULER = 145;
const SCHED_OTHER = 0;
/** Of `struct sched_attr` in its first version, and where things are in it. */
const ATTRIBUTES_BYTES = 48;
const NICE = 16;
const RUNTIME = 24;
/** The shortest that there is: the turns of a sampler are about as long. */
const TURN_NANOSECONDS = 100_000n;
/** Kept, because the kernel is given its address only, which does not keep it from being collected. */
const attributes = new DataView(new ArrayBuffer(ATTRIBUTES_BYTES));

/** See `takeShortTurns`. Source: Linux, `__setparam_fair` in kernel/sched/fair.c: the runtime of a normal thread is its slice. */
export function takeShortLinuxTurns(): boolean {
  const system = libc();
  // Whoever has chosen another policy for us wants something else.
  if (system.syscall(SYS_SCHED_GETSCHEDULER, 0, 0, 0) !== SCHED_OTHER) return false;
  attributes.setUint32(0, ATTRIBUTES_BYTES, true);
  attributes.setInt32(NICE, getPriority(), true);
  attributes.setBigUint64(RUNTIME, TURN_NANOSECONDS, true);
  const address = system.addressOf(new Uint8Array(attributes.buffer));
  return system.syscall(SYS_SCHED_SETATTR, 0, Number(address), 0) === 0;
}
