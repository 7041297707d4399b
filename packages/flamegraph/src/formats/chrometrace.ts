import { printable } from "../printable-text.js";
import type { Profile } from "../profile.js";
import type { Nanoseconds } from "../sample-batch.js";
import { ShownStacks } from "../shown-stacks.js";
import { type ThreadTrack, threadTracks } from "../thread-tracks.js";
import { trackSamples } from "../track-samples.js";
import type { FormatOptions } from "./format-options.js";
import { jsonLines } from "./json-pieces.js";

/**
 * Writes Chrome's trace events, for https://ui.perfetto.dev and chrome://tracing: what each thread was in, over time.
 *
 * A sample's stack fills the time that it stands for (`SampleSpans`), which ends with the sample; calls that go on from
 * one sample to the next are one slice, whichever lines they run. Nothing is open while a thread was not seen. A
 * `ts` counts from one interval before the start, so that none is negative.
 *
 * Events: `M` names processes and threads; `B` and `E` nest for each (pid, tid) and are in the order of their time.
 */
export function* chrometrace(profile: Profile, options: FormatOptions = {}): Generator<string> {
  yield* jsonLines(events(profile, options));
  yield "\n";
}

interface TrackState {
  readonly pid: number;
  readonly tid: number;
  /** Functions of the slices that are open, the outermost first. */
  readonly open: number[];
  /** The last sample's. */
  stack: number;
  /** When the last sample's time ended; -1 before the first. */
  end: Nanoseconds;
}

function* events(profile: Profile, options: FormatOptions): Generator<string> {
  const threads = threadTracks(profile);
  const shown = new ShownStacks(profile, options);
  const beforeStart = profile.metadata.rate > 0 ? 1e9 / profile.metadata.rate : 0;
  const states = threads.tracks.map(
    ({ process, id }, index): TrackState => ({
      pid: process?.pid ?? 0,
      tid: id || index + 1,
      open: [],
      stack: -1,
      end: -1,
    }),
  );
  const namedProcesses = new Set<number>();
  for (const { track: index, time, span, node } of trackSamples(profile, threads, options)) {
    const state = states[index];
    const track = threads.tracks[index];
    if (state === undefined || track === undefined) continue;
    if (state.end < 0) {
      yield* names(track, state, namedProcesses);
      state.end = 0;
    }
    const end = Math.max(state.end, time + beforeStart);
    const start = Math.max(state.end, end - span);
    if (start > state.end) yield* close(state, 0, state.end, shown);
    const stack = shown.ofNode(node);
    if (stack !== state.stack || state.open.length === 0)
      yield* change(state, shown.framesOf(stack), start, shown);
    state.stack = stack;
    state.end = end;
  }
  for (const state of states) yield* close(state, 0, state.end, shown);
}

function* names(track: ThreadTrack, { pid, tid }: TrackState, named: Set<number>): Generator<string> {
  if (!named.has(pid) && track.process !== undefined) {
    named.add(pid);
    const name = printable(track.process.commandLine.join(" ")) || `process ${pid}`;
    yield JSON.stringify({ ph: "M", name: "process_name", pid, tid, args: { name } });
  }
  const name = printable(track.name) || `thread ${tid}`;
  yield JSON.stringify({ ph: "M", name: "thread_name", pid, tid, args: { name } });
}

/** Closes what is not in the stack `frames` (the innermost first) and opens what is new in it. */
function* change(
  state: TrackState,
  frames: readonly number[],
  at: Nanoseconds,
  shown: ShownStacks,
): Generator<string> {
  const { open, pid, tid } = state;
  const depth = frames.length;
  const functionAt = (level: number) => shown.functionOfFrame(frames[depth - 1 - level] ?? 0);
  let common = 0;
  while (common < open.length && common < depth && open[common] === functionAt(common)) common += 1;
  yield* close(state, common, at, shown);
  for (let level = common; level < depth; level++) {
    const id = functionAt(level);
    const { name = "", file = "" } = shown.functions[id] ?? {};
    const line = shown.lineOfFrame(frames[depth - 1 - level] ?? 0) || null;
    open.push(id);
    yield JSON.stringify({
      ph: "B",
      name,
      cat: "pyspy",
      ts: microseconds(at),
      pid,
      tid,
      args: { filename: file, line },
    });
  }
}

/** Closes the slices below the first `kept`, the innermost first. */
function* close(state: TrackState, kept: number, at: Nanoseconds, shown: ShownStacks): Generator<string> {
  const { open, pid, tid } = state;
  while (open.length > kept) {
    const name = shown.functions[open.pop() ?? 0]?.name ?? "";
    yield JSON.stringify({ ph: "E", name, cat: "pyspy", ts: microseconds(at), pid, tid });
  }
}

function microseconds(time: Nanoseconds): number {
  return Math.round(time) / 1000;
}
