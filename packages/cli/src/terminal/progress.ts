import { counted } from "./counted.js";
import type { Terminal } from "./terminal.js";

/** What a recording has come to so far. */
export interface Progress {
  /** Seconds since sampling began. */
  readonly seconds: number;
  /** Seconds that it will take; undefined if nobody knows. */
  readonly duration: number | undefined;
  /** Stacks. */
  readonly samples: number;
  /** Points of the schedule that were kept and that were not. */
  readonly taken: number;
  readonly missed: number;
  /** Stacks that could not be read. */
  readonly unreadable: number;
}

/** One line without colours: `  3.2 of 10 s   312 samples   99.4/s`, and what went wrong only if something did. */
export function renderProgress(progress: Progress): string {
  const { seconds, duration, samples, taken, missed, unreadable } = progress;
  const parts = [
    // The last samples and the profile take a while more.
    duration === undefined
      ? `${seconds.toFixed(1)} s`
      : `${Math.min(seconds, duration).toFixed(1)} of ${duration} s`,
    counted(samples, "sample"),
    `${(seconds > 0 ? taken / seconds : 0).toFixed(1)}/s`,
  ];
  if (missed > 0) parts.push(`${missed} missed`);
  if (unreadable > 0) parts.push(`${unreadable} unreadable`);
  return `  ${parts.join("   ")}`;
}

/** Keeps the status line of the terminal up to date until it is disposed of. */
export function showProgress(terminal: Terminal, current: () => Progress): Disposable {
  const show = (): void => terminal.showStatus(renderProgress(current()));
  const timer = terminal.interactive ? setInterval(show, 100) : undefined;
  timer?.unref();
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      terminal.clearStatus();
    },
  };
}
