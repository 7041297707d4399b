import type { ProgramUser } from "../../spawn.js";
import type { Libc } from "./libc.js";

/** Numbers of system calls on x86-64. */
const SYS_SETRESUID = 117;
const SYS_SETRESGID = 119;
const SYS_SETGROUPS = 116;
const ROOT = 0;
/** As many as Linux allows (NGROUPS_MAX). */
const MOST_GROUPS = 65_536;

/**
 * Does something as another user, on this thread only: the C library would change all threads, the system calls themselves
 * change the one that makes them. A program that is started meanwhile is theirs for good: root stays our saved user, which is
 * how we come back, and a program that is executed loses the saved user.
 *
 * Returns undefined, without having done it, if the kernel refuses.
 */
export function asUser<Result>(system: Libc, user: ProgramUser, action: () => Result): Result | undefined {
  const { uid, gid, name } = user;
  const own = Uint32Array.from(process.getgroups?.() ?? []);
  try {
    if (!setGroups(system, groupsOf(system, name, gid))) return undefined;
    if (system.syscall(SYS_SETRESGID, gid, gid, ROOT) !== 0) return undefined;
    if (system.syscall(SYS_SETRESUID, uid, uid, ROOT) !== 0) return undefined;
    return action();
  } finally {
    // In this order: only root may set groups. None of it fails for one whose saved user is root.
    system.syscall(SYS_SETRESUID, ROOT, ROOT, ROOT);
    system.syscall(SYS_SETRESGID, ROOT, ROOT, ROOT);
    setGroups(system, own);
  }
}

function setGroups(system: Libc, groups: Uint32Array): boolean {
  const address = groups.length === 0 ? 0 : Number(system.addressOf(groups));
  return system.syscall(SYS_SETGROUPS, groups.length, address, 0) === 0;
}

/** All groups of the user, `gid` first. */
function groupsOf(system: Libc, name: string, gid: number): Uint32Array {
  const groups = new Uint32Array(MOST_GROUPS);
  const count = Int32Array.of(MOST_GROUPS);
  const found = system.getgrouplist(Buffer.from(`${name}\0`), gid, groups, count);
  return found < 0 ? Uint32Array.of(gid) : groups.slice(0, count[0]);
}
