import type { Address } from "./memory-reader.js";
import type { Tid } from "./process-view.js";

/** A span in nanoseconds. */
export type Nanoseconds = number;

/**
 * What a thread does, as the operating system's scheduler sees it:
 * - `running`: on a processor, or ready for one
 * - `sleeping`: it waits for something, and a signal would wake it
 * - `disk-wait`: it waits for something that signals do not interrupt, mostly a disk
 * - `stopped`, `traced`: it was stopped by a signal or by a debugger
 * - `exited`: it has ended
 */
export type ThreadState = "running" | "sleeping" | "disk-wait" | "stopped" | "traced" | "exited";

/**
 * What the operating system says of one thread, looked at again and again. A look changes the fields in place and
 * allocates nothing. It holds file descriptors as far as the limit of open files allows; without one a look costs about
 * five times as much.
 *
 * @example
 * using thread = process.thread(tid);
 * thread.glance();
 * if (thread.hasRun) readStackAgain();
 */
export interface ThreadActivity {
  readonly tid: Tid;
  /** At the last look; `exited` as well when the thread is gone. Then nothing else is told any more. */
  readonly state: ThreadState;
  /**
   * Time on processors; -1 if unknown. While the thread is on one, the kernel brings this up to date at clock ticks
   * only: every 1 to 10 ms. What it did until it last went off is always in it.
   */
  readonly cpuTime: Nanoseconds;
  /** Time spent ready and waiting for a processor, without a wait that has not ended; -1 if unknown. */
  readonly queueTime: Nanoseconds;
  /**
   * False only if it is sure that the thread was on no processor since the look before the last one: what its memory
   * held then, as its stack, it holds still.
   */
  readonly hasRun: boolean;
  /** Looks at all of the fields. */
  look(): void;
  /**
   * The same at half the cost for a thread that has not run: then its state stays what it was, although it may have
   * been woken and be waiting for a processor now.
   */
  glance(): void;
  /**
   * The futex that the thread waits on, which every lock of the C library and of Python is made with; 0 if it does
   * not wait on one. Undefined if that may not be seen: it takes the right to read the process's memory.
   */
  futex(): Address | undefined;
  close(): void;
  [Symbol.dispose](): void;
}
