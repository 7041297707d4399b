import type { ExitStatus } from "../../exit-status.js";
import type { Pid } from "../../process-view.js";
import type { ThreadState } from "../../thread-activity.js";
import { exitStatusOf } from "./wait-status.js";

/** More than a line of /proc/PID/stat ever has: 52 fields of at most 20 digits, and a name. */
export const STAT_BYTES = 1200;

/** `PF_EXITING` (linux/sched.h): it has begun to exit, and loses its memory before it is a zombie. */
const PF_EXITING = 4;

const CLOSING_PARENTHESIS = 0x29;
const SPACE = 0x20;
const DIGIT_0 = 0x30;

/** What is needed of a line of /proc/PID/stat (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly state: ThreadState;
  readonly parent: Pid;
  readonly group: Pid;
  readonly session: Pid;
  /** Clock ticks since boot. */
  readonly startTime: number;
  /** How it has exited. Undefined while it has not, and where it is not told apart from 0, which those see who may not know. */
  readonly exitStatus: ExitStatus | undefined;
}

/** Parses the first `length` bytes. The name may hold anything, parentheses too, so all counts from the last one. */
export function parseStat(line: Buffer, length: number): ProcessStat | undefined {
  const state = parseState(line, length);
  const after = line.lastIndexOf(CLOSING_PARENTHESIS, length - 1) + 2;
  // The first field here is the third of the line.
  const fields = line.toString("latin1", after, length).split(" ");
  const parent = Number(fields[4 - 3]);
  const startTime = Number(fields[22 - 3]);
  const hasExited = state === "exited" || (Number(fields[9 - 3]) & PF_EXITING) !== 0;
  const waitStatus = Number(fields[52 - 3] ?? 0);
  if (state === undefined || !Number.isSafeInteger(parent) || !Number.isFinite(startTime)) return undefined;
  return {
    state: hasExited ? "exited" : state,
    parent,
    group: Number(fields[5 - 3]),
    session: Number(fields[6 - 3]),
    startTime,
    exitStatus: hasExited && waitStatus > 0 ? exitStatusOf(waitStatus) : undefined,
  };
}

/** Where the program, the stack, the arguments and the environment are. Undefined where they are not shown: they are secret, or gone. */
export function parseLayout(line: string): string | undefined {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const layout = [26, 28, 48, 51].map((field) => fields[field - 3]);
  // Instead of an address there is a 0 or a 1.
  return layout.every((place) => Number(place) > 1) ? layout.join(" ") : undefined;
}

/** Only the state of {@link parseStat}, without allocating: this is done for every thread of every sample. */
export function parseState(line: Buffer, length: number): ThreadState | undefined {
  const parenthesis = length === 0 ? -1 : line.lastIndexOf(CLOSING_PARENTHESIS, length - 1);
  if (parenthesis < 0 || parenthesis + 2 >= length) return undefined;
  switch (line[parenthesis + 2]) {
    case 0x52: // R
      return "running";
    case 0x44: // D
      return "disk-wait";
    case 0x54: // T
      return "stopped";
    case 0x74: // t
      return "traced";
    case 0x5a: // Z
    case 0x58: // X
    case 0x78: // x
      return "exited";
    default: // S, I, and P, K, W of some kernels
      return "sleeping";
  }
}

/** User and system time in clock ticks, without allocating; undefined if the line ends before. */
export function parseCpuTicks(line: Buffer, length: number): number | undefined {
  let at = length === 0 ? -1 : line.lastIndexOf(CLOSING_PARENTHESIS, length - 1);
  if (at < 0) return undefined;
  // The space in front of the third field, utime is the fourteenth.
  at += 1;
  for (let field = 3; field < 14; field++) {
    at = line.indexOf(SPACE, at + 1);
    if (at < 0 || at >= length) return undefined;
  }
  let sum = 0;
  for (let field = 0; field < 2; field++) {
    let value = 0;
    for (at += 1; at < length; at++) {
      const digit = (line[at] ?? SPACE) - DIGIT_0;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (line[at] !== SPACE) return undefined;
    sum += value;
  }
  return sum;
}
