import type { ThreadActivity, ThreadStopper, Tid } from "@pyspy/proc-memory";
import type { StackReader } from "../python/stack-reader.js";
import type { ThreadTrack } from "../python/thread-track.js";
import type { Nanoseconds } from "../sample-batch.js";

/** After so many readings in vain, threads that sleep are stopped as well. */
const READINGS_BEFORE_ALL = 4;

/** The last reading counts, whatever has run since. Then nobody is left to run but threads that have begun meanwhile. */
const MOST_READINGS = 8;

/** How often a thread is waited for that does not stop, 5 ms each: one that sleeps uninterruptibly may do so for ever. */
const MOST_TRIES = 20;
/**
 * A thread that waits for a processor, which it needs to stop, gets it some time: on a busy machine after more than a tenth of a
 * second. Once somebody was waited for in vain, nobody is waited for so long any more: those that have stopped stand still meanwhile.
 */
const MOST_TRIES_READY = 400;

/** What came of it. */
export interface OneMoment {
  /** How long threads were stopped; 0 if none was. */
  readonly duration: Nanoseconds;
  /** Threads that went on, because they could not be stopped. */
  readonly unstopped: number;
}

/**
 * Reads all threads as they are at one moment. `read` uses {@link StackReader.sampleStill}; what the last call of it has read counts.
 *
 * Threads that run are stopped. Those that sleep are left alone: a stop would end some of their system calls early (see
 * `openThreadStopper`), and while they sleep they change nothing. But they may wake at any time, of a timer or by what comes from
 * outside. The kernel counts how often each thread was put on a processor, so it can be known whether one has run. Who has is
 * stopped, too, and all is read again, until none has run from before a reading to after it.
 */
export function readAtOneMoment(
  openStopper: (tid: Tid) => ThreadStopper,
  readers: readonly Pick<StackReader, "watch" | "threads">[],
  read: () => void,
): OneMoment {
  const watched = readers.filter((reader) => reader.watch());
  const stops = new Stops(openStopper);
  /** Those that have not been asked to stop, with what is known of them brought up to date. */
  const look = (): LookedAt[] =>
    watched
      .flatMap((reader) => [...reader.threads()])
      .flatMap(({ track }) => (stops.asked.has(track.tid) ? [] : lookAt(track)));
  let duration = 0;
  try {
    // Two looks tell that a thread was off the processors, and a third one that it has been since.
    look();
    look();
    let isRead = false;
    for (let readings = 0; readings < MOST_READINGS; ) {
      const others = look();
      const awake =
        readings < READINGS_BEFORE_ALL ? others.filter(({ activity }) => activity.hasRun) : others;
      if (awake.length > 0) {
        stops.stop(awake);
        isRead = false;
      } else if (isRead) {
        break;
      } else {
        read();
        readings += 1;
        isRead = true;
      }
    }
  } finally {
    duration = stops.end();
  }
  return { duration, unstopped: stops.unstopped };
}

/** The threads that are stopped for one moment. */
class Stops {
  readonly asked = new Set<Tid>();
  readonly #open: (tid: Tid) => ThreadStopper;
  readonly #gone = new Set<Tid>();
  #stopper: ThreadStopper | undefined;
  #stopped: readonly Tid[] = [];
  #hasGivenUp = false;

  constructor(open: (tid: Tid) => ThreadStopper) {
    this.#open = open;
  }

  stop(threads: readonly LookedAt[]): void {
    for (const { track } of threads) this.asked.add(track.tid);
    // Not with any other: a thread that sleeps is to sleep on.
    this.#stopper ??= this.#open(threads[0]?.track.tid ?? 0);
    let waiting = threads;
    for (let tries = 0; waiting.length > 0 && tries < MOST_TRIES_READY; tries++) {
      // One that does not stop keeps others from being asked.
      if (tries >= MOST_TRIES && (this.#hasGivenUp || !waiting.every(isReady))) break;
      const { stopped, gone, late } = this.#stopper.stopMore(waiting.map(({ track }) => track.tid));
      this.#stopped = stopped;
      for (const tid of gone) this.#gone.add(tid);
      waiting = waiting.filter(({ track }) => late.includes(track.tid));
    }
    if (waiting.length > 0) this.#hasGivenUp = true;
  }

  /** Lets all go on. Returns for how long some were stopped. */
  end(): Nanoseconds {
    const duration = this.#stopper?.resume() ?? 0;
    this.#stopper?.close();
    return duration;
  }

  /** How many were asked, are there, and went on. */
  get unstopped(): number {
    const held = new Set(this.#stopped);
    return [...this.asked].filter((tid) => !held.has(tid) && !this.#gone.has(tid)).length;
  }
}

interface LookedAt {
  readonly track: ThreadTrack;
  readonly activity: ThreadActivity;
}

function isReady({ activity }: LookedAt): boolean {
  activity.look();
  return activity.state === "running";
}

function lookAt(track: ThreadTrack): LookedAt[] {
  const { activity } = track;
  if (activity === undefined) return [];
  activity.glance();
  if (activity.state === "exited") return [];
  if (activity.hasRun) {
    track.hasRun = true;
    track.isActive = activity.state === "running";
  }
  return [{ track, activity }];
}
