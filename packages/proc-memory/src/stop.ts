import { platformTo } from "./platform/platform.js";
import type { Pid, Tid } from "./process-view.js";
import type { Nanoseconds } from "./stop-budget.js";

/** What came of stopping threads. Those that were asked for are each in one of the lists. */
export interface StopOutcome {
  /** They stand still until {@link ThreadStopper.resume}. */
  readonly stopped: readonly Tid[];
  /** They have ended, or are no threads of the process. */
  readonly gone: readonly Tid[];
  /** They may not be stopped, most often because somebody else traces them: see `explainDenial(pid, "stop")`. */
  readonly refused: readonly Tid[];
  /** They did not stop in time: they sleep uninterruptibly, or there was no processor for them. */
  readonly late: readonly Tid[];
}

/**
 * Stops threads of a process for a moment. All calls have to be made by the one JavaScript thread that opened it:
 * to the kernel it is the tracer.
 */
export interface ThreadStopper {
  readonly pid: Pid;
  /**
   * Stops these threads and no others, and returns when they stand still, or after some milliseconds. What was stopped
   * before is resumed first. Never throws. To be followed by {@link resume} in a `finally`, at once.
   */
  stop(tids: readonly Tid[]): StopOutcome;
  /**
   * Stops these threads beside those that stand still already, which go on standing still and are in the outcome, too. The
   * time counts from the first {@link stop} on.
   */
  stopMore(tids: readonly Tid[]): StopOutcome;
  /**
   * Lets all stopped threads go on, with the signals that have come for them. Returns how long the stop took, from the
   * first thread that was asked to stop to the last that was let go; 0 if nothing was stopped.
   */
  resume(): Nanoseconds;
  /**
   * How many threads did not stop in time and may do so any moment. Every call lets go of those that have, and so
   * does a timer; where the event loop gets no turn for long, call {@link resume} every few milliseconds while there are any.
   */
  readonly late: number;
  /** Resumes. What is late then is let go by the timer, or by the end of this thread. */
  close(): void;
  [Symbol.dispose](): void;
}

/**
 * Opens a process for stopping its threads, which it tries with one of them: `tid`, the first that lives if that is not given. It opens
 * also if somebody else traces that one, but not all of them: those are `refused` then.
 *
 * Threads are traced only while they are stopped. However this process ends, they go on. A process that is stopped
 * already (state T) stays so. System calls that wait are continued, but a few end with EINTR, as after SIGCONT:
 * `epoll_wait`, `semop`, `sigtimedwait` (signal(7)). So threads that sleep are better left alone.
 *
 * Not for programs that were started by `node:child_process`: libuv takes the stops of its children for their end.
 *
 * Throws {@link ProcessError}: `no-such-process`, `exited`, `permission-denied` (it says who traces the process, if
 * somebody does), `unsupported-platform`, `system-error`.
 *
 * ```ts
 * using stopper = openThreadStopper(1234);
 * try {
 *   const { stopped } = stopper.stop([1234]);
 *   // read what they have in memory
 * } finally {
 *   console.log(`stopped for ${stopper.resume() / 1000} µs`);
 * }
 * ```
 */
export function openThreadStopper(pid: Pid, tid?: Tid): ThreadStopper {
  return platformTo(`stop the threads of process ${pid}`).openThreadStopper(pid, tid);
}
