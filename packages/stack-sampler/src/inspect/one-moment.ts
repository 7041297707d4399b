import type { ThreadActivity, ThreadStopper, Tid } from "@pyspy/proc-memory";
import type { StackReader } from "../python/stack-reader.js";
import type { ThreadTrack } from "../python/thread-track.js";
import type { Nanoseconds } from "../sample-batch.js";

/** After so many readings in vain, threads that sleep are stopped as well. */
const MOST_READINGS = 4;

/** How often a thread is asked to stop that does not do so in time: 5 ms each. On a busy machine it has to get a processor for it. */
const MOST_TRIES = 20;

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
  const asked = new Set<Tid>();
  let stopper: ThreadStopper | undefined;
  let stopped: readonly Tid[] = [];
  const gone = new Set<Tid>();
  const stop = (tids: readonly Tid[]): void => {
    for (const tid of tids) asked.add(tid);
    // Not with any other: a thread that sleeps is to sleep on.
    stopper ??= openStopper(tids[0] ?? 0);
    let waiting = tids;
    for (let tries = 0; waiting.length > 0 && tries < MOST_TRIES; tries++) {
      const outcome = stopper.stopMore(waiting);
      stopped = outcome.stopped;
      for (const tid of outcome.gone) gone.add(tid);
      waiting = outcome.late;
    }
  };
  /** Those that have not been asked to stop, with what is known of them brought up to date. */
  const look = (): LookedAt[] => {
    const tracks = watched.flatMap((reader) => [...reader.threads()]).map(({ track }) => track);
    return tracks.flatMap((track) => (asked.has(track.tid) ? [] : lookAt(track)));
  };
  let duration = 0;
  try {
    // Two looks tell that a thread was off the processors, and a third one that it has been since.
    look();
    look();
    let readings = 0;
    for (let isRead = false; ; ) {
      const others = look();
      const awake = readings < MOST_READINGS ? others.filter(({ activity }) => activity.hasRun) : others;
      if (awake.length > 0) {
        stop(awake.map(({ track }) => track.tid));
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
    duration = stopper?.resume() ?? 0;
    stopper?.close();
  }
  const held = new Set(stopped);
  return { duration, unstopped: [...asked].filter((tid) => !held.has(tid) && !gone.has(tid)).length };
}

interface LookedAt {
  readonly track: ThreadTrack;
  readonly activity: ThreadActivity;
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
