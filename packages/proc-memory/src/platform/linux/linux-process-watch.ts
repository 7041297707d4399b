import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import type { FamilyMember } from "../../open-process.js";
import type { Pid } from "../../process-view.js";
import type { ProcessWatch } from "../../process-watch.js";
import { libc } from "./libc.js";
import { listLinuxProcesses, readLinuxFamilyMember } from "./linux-process.js";
import { parseLayout } from "./process-stat.js";
import { parseThreadGroup } from "./process-status.js";

/** Of so many new ids each is looked for; of more, all processes are listed instead. */
const MOST_SINGLE = 64;
/** How often they are listed in any case: where /proc is of another pid namespace, its newest id says nothing. */
const LIST_MILLISECONDS = 1000;
/**
 * An id is given a moment before anything can be seen under it: up to 9 ms on two busy processors, where who makes the process
 * is interrupted meanwhile. For so long it is looked for; what has not been seen by then has ended.
 */
const UNSEEN_MILLISECONDS = 50;
/** `kcmp`, and what it is to compare: the memory (linux/kcmp.h). */
const SYS_KCMP = 312;
const KCMP_VM = 1;
/** What a process is started with that wants the same addresses every time (linux/personality.h). */
const ADDR_NO_RANDOMIZE = 0x0040000;

/**
 * The last field of /proc/loadavg (proc(5)) is the id that was given last, to a process or a thread. Ids ascend up to a limit
 * and begin anew, so what has begun since has an id between the last one and this one, or had one that nothing was seen under.
 */
export class LinuxProcessWatch implements ProcessWatch {
  readonly #file = openSync("/proc/loadavg", "r");
  readonly #line = Buffer.alloc(128);
  readonly #isRandom = placesAreRandom();
  #newest = 0;
  #listed = Number.NEGATIVE_INFINITY;
  /** New ids that nothing has been seen under, and until when they are looked for. */
  readonly #unseen = new Map<Pid, number>();
  /** Start times by id, of all that were there at the last list and what has begun since. */
  #known = new Map<Pid, number>();

  *begun(): Generator<FamilyMember> {
    const last = this.#newest;
    const newest = this.#readNewest();
    const now = performance.now();
    const isToList = newest < last || newest - last > MOST_SINGLE || now - this.#listed >= LIST_MILLISECONDS;
    for (let pid = Math.max(last, newest - MOST_SINGLE) + 1; pid <= newest; pid++)
      this.#unseen.set(pid, now + UNSEEN_MILLISECONDS);
    this.#newest = newest;
    if (isToList) {
      this.#listed = now;
      // An id is used again only after all others.
      yield* this.#list((pid) => (newest < last ? pid > last || pid <= newest : pid > last && pid <= newest));
    }
    for (const [pid, until] of this.#unseen) {
      const member = readLinuxFamilyMember(pid);
      if (member !== undefined || now > until) this.#unseen.delete(pid);
      // Threads have ids and files as well.
      if (member === undefined || member.startTime === this.#known.get(pid) || !isProcess(pid)) continue;
      this.#known.set(pid, member.startTime);
      yield member;
    }
  }

  layoutOf(pid: Pid): string | undefined {
    try {
      const isRandom =
        (Number.parseInt(readFileSync(`/proc/${pid}/personality`, "latin1"), 16) & ADDR_NO_RANDOMIZE) === 0;
      return this.#isRandom && isRandom
        ? parseLayout(readFileSync(`/proc/${pid}/stat`, "latin1"))
        : undefined;
    } catch {
      return undefined;
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  *#list(mayBeNew: (pid: Pid) => boolean): Generator<FamilyMember> {
    const before = this.#known;
    const known = new Map<Pid, number>();
    this.#known = known;
    for (const pid of listLinuxProcesses()) {
      const startTime = before.get(pid);
      if (startTime !== undefined && !mayBeNew(pid)) {
        known.set(pid, startTime);
        continue;
      }
      const member = readLinuxFamilyMember(pid);
      if (member === undefined) continue;
      this.#unseen.delete(pid);
      known.set(pid, member.startTime);
      if (member.startTime !== startTime) yield member;
    }
  }

  #readNewest(): Pid {
    const length = readSync(this.#file, this.#line, 0, this.#line.length, 0);
    return Number(this.#line.toString("latin1", this.#line.lastIndexOf(0x20, length - 1) + 1, length));
  }
}

/** proc_sys_kernel(5) */
function placesAreRandom(): boolean {
  try {
    return Number(readFileSync("/proc/sys/kernel/randomize_va_space", "latin1")) > 0;
  } catch {
    return false;
  }
}

function isProcess(pid: Pid): boolean {
  try {
    return parseThreadGroup(readFileSync(`/proc/${pid}/status`, "utf8")) === pid;
  } catch {
    return false;
  }
}

/** See `sharesMemory`. */
export function linuxProcessesShareMemory(pid: Pid, other: Pid): boolean {
  return libc().syscall(SYS_KCMP, pid, other, KCMP_VM) === 0;
}
