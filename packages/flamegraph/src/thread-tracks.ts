import type { Profile } from "./profile.js";
import type { ProcessRecord, ThreadId } from "./sample-batch.js";

/** One thread of the operating system (in one interpreter) over all of its time, whatever names it had. */
export interface ThreadTrack {
  readonly process: ProcessRecord | undefined;
  /** The kernel's id, else Python's. */
  readonly id: number;
  /** The last name that it had; "" if none. */
  readonly name: string;
  readonly interpreter: number;
}

export interface ThreadTracks {
  readonly tracks: readonly ThreadTrack[];
  /** Index in {@link tracks} of each thread of the profile. */
  readonly ofThread: Int32Array;
}

/** A thread that is renamed while it runs is two threads of a profile; what follows it over time must see one. */
export function threadTracks({ threads, processes }: Profile): ThreadTracks {
  const tracks: ThreadTrack[] = [];
  const ofThread = new Int32Array(threads.length);
  const known = new Map<string, number>();
  threads.forEach((thread, index: ThreadId) => {
    const id = thread.tid || thread.pythonId;
    const key = id === 0 ? `unknown ${index}` : `${thread.process} ${id} ${thread.interpreter}`;
    const track = known.get(key) ?? tracks.length;
    known.set(key, track);
    ofThread[index] = track;
    tracks[track] = {
      process: processes[thread.process],
      id,
      name: thread.name || (tracks[track]?.name ?? ""),
      interpreter: thread.interpreter,
    };
  });
  return { tracks, ofThread };
}
