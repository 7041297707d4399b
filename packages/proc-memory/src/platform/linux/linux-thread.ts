import type { Address } from "../../memory-reader.js";
import type { Tid } from "../../process-view.js";
import type { Nanoseconds, ThreadActivity, ThreadState } from "../../thread-activity.js";
import { type DescriptorAllowance, descriptorAllowance } from "./descriptor-allowance.js";
import { parseCpuTicks, parseState } from "./process-stat.js";
import { GONE, line, RepeatedFile } from "./repeated-file.js";

/** `USER_HZ`, which stat counts in, whatever the kernel's own clock. */
const NANOSECONDS_PER_TICK = 1e7;
const UNKNOWN = -1;

const SPACE = 0x20;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const LETTER_A = 0x61;

/** The system call `futex` on x86-64, and it and `futex_time64` of 32-bit programs. */
const FUTEX_CALLS = [202, 240, 422];

/**
 * A thread by /proc/PID/task/TID/schedstat and stat.
 *
 * schedstat is cheaper (2.1 µs, stat 3.1) and has two numbers that tell whether a thread has run: its time on processors,
 * and how often it was put on one. The time alone would not do: of a thread that spins the kernel adds it up at ticks
 * only, so that 97 % of looks 0.1 ms apart find it unmoved (with 250 ticks a second). But the count moves when a thread is put on a
 * processor. So a thread that was off them when it was looked at, and whose count has not moved since before then, has not run.
 *
 * That it was off is what its state says, with one exception: who is about to sleep is on for another moment, and may
 * be woken within it. Therefore a thread must have been seen so twice.
 */
export class LinuxThread implements ThreadActivity {
  readonly tid: Tid;
  state: ThreadState = "running";
  cpuTime: Nanoseconds = UNKNOWN;
  queueTime: Nanoseconds = UNKNOWN;
  hasRun = true;
  /** How often it was put on a processor; 0 if that cannot be told. */
  #arrivals = 0;
  /** Consecutive looks that found it off the processors without having moved. */
  #rests = 0;
  readonly #schedstat: RepeatedFile;
  readonly #stat: RepeatedFile;
  readonly #syscall: RepeatedFile;

  /** `directory` is its /proc/PID/task/TID. */
  constructor(tid: Tid, directory: string, allowance: DescriptorAllowance = descriptorAllowance()) {
    this.tid = tid;
    this.#schedstat = new RepeatedFile(`${directory}/schedstat`, allowance);
    this.#stat = new RepeatedFile(`${directory}/stat`, allowance);
    this.#syscall = new RepeatedFile(`${directory}/syscall`, allowance);
  }

  look(): void {
    if (this.state === "exited") return;
    // Before the state, so that a thread that runs in between is found to have moved the next time.
    const moved = this.#readSchedule();
    this.hasRun = moved || this.#rests < 2;
    this.#readState(moved);
  }

  glance(): void {
    if (this.state === "exited") return;
    const moved = this.#readSchedule();
    this.hasRun = moved || this.#rests < 2;
    if (this.hasRun) this.#readState(moved);
  }

  futex(): Address | undefined {
    if (this.state === "exited") return 0;
    const length = this.#syscall.read();
    if (length === GONE) return 0;
    return length < 0 ? undefined : futexIn(length);
  }

  close(): void {
    this.#schedstat.close();
    this.#stat.close();
    this.#syscall.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Whether the thread may have been on a processor since the last time. */
  #readSchedule(): boolean {
    const length = this.#schedstat.read();
    if (length < 0) return this.#lacksSchedule();
    const cpuTime = numberAt(length, 0);
    const queueTime = numberAt(length, end + 1);
    const arrivals = numberAt(length, end + 1);
    // All zeros is what a kernel says that does not count.
    if (!(arrivals > 0)) return this.#lacksSchedule();
    const moved = arrivals !== this.#arrivals || cpuTime !== this.cpuTime;
    this.cpuTime = cpuTime;
    this.queueTime = queueTime;
    this.#arrivals = arrivals;
    return moved;
  }

  #lacksSchedule(): true {
    this.#arrivals = 0;
    this.queueTime = UNKNOWN;
    return true;
  }

  #readState(moved: boolean): void {
    const length = this.#stat.read();
    const state = length < 0 ? undefined : parseState(line, length);
    if (length === GONE || state === "exited") {
      this.state = "exited";
      this.close();
      return;
    }
    if (this.#arrivals === 0) {
      const ticks = state === undefined ? undefined : parseCpuTicks(line, length);
      this.cpuTime = ticks === undefined ? UNKNOWN : ticks * NANOSECONDS_PER_TICK;
    }
    // What cannot be read for want of a descriptor is what it was.
    if (state !== undefined) this.state = state;
    if (state === undefined || state === "running") this.#rests = 0;
    else this.#rests = moved ? 1 : this.#rests + 1;
  }
}

/** Where {@link numberAt} stopped: a second result without an object. */
let end = 0;

/** The decimal number at `start` of the line; NaN if there is none. */
function numberAt(length: number, start: number): number {
  let value = 0;
  let at = start;
  for (; at < length; at++) {
    const byte = line[at] ?? 0;
    if (byte < DIGIT_0 || byte > DIGIT_9) break;
    value = value * 10 + (byte - DIGIT_0);
  }
  end = at;
  return at === start ? Number.NaN : value;
}

/**
 * The first argument of the futex call in a line of /proc/PID/syscall: `202 0x7f0012345678 …`. 0 for another call and for a
 * thread that is in none: `running`, or `-1 …`.
 */
function futexIn(length: number): Address {
  if (!FUTEX_CALLS.includes(numberAt(length, 0))) return 0;
  let address = 0;
  // Behind " 0x".
  for (let at = end + 3; at < length; at++) {
    const byte = line[at] ?? SPACE;
    if (byte >= DIGIT_0 && byte <= DIGIT_9) address = address * 16 + (byte - DIGIT_0);
    else if (byte >= LETTER_A && byte <= LETTER_A + 5) address = address * 16 + (byte - LETTER_A + 10);
    else break;
  }
  return address;
}
