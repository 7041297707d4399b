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
 * A sample's stack fills the time since its thread's previous one (`SampleSpans`): this format shows when things were, so that its
 * slices are as long as the intervals happened to be, where other formats weigh all samples the same. Calls that go on from one
 * sample to the next are one slice, whichever lines they run. Nothing is open while a thread was not seen. A
 * `ts` counts from one interval before the start, so that none is negative.
 *
 * Events: `M` names processes and threads, `C` counts the resident memory of a process where it is known; `B` and `E` nest for
 * each (pid, tid) and are in the order of their time.
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
  const texts = new EventTexts(shown);
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
  const residentOf = new Map<number, number>();
  for (const { track: index, time, span, node, resident } of trackSamples(profile, threads, options)) {
    const state = states[index];
    const track = threads.tracks[index];
    if (state === undefined || track === undefined) continue;
    if (state.end < 0) {
      yield* names(track, state, namedProcesses);
      state.end = 0;
    }
    const end = Math.max(state.end, time + beforeStart);
    const start = Math.max(state.end, end - span);
    if (resident >= 0 && residentOf.get(state.pid) !== resident) {
      residentOf.set(state.pid, resident);
      yield memory(state.pid, end, resident);
    }
    if (start > state.end) yield* close(state, 0, state.end, texts);
    const stack = shown.ofNode(node);
    if (stack !== state.stack || state.open.length === 0)
      yield* change(state, shown.framesOf(stack), start, shown, texts);
    state.stack = stack;
    state.end = end;
  }
  for (const state of states) yield* close(state, 0, state.end, texts);
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

function memory(pid: number, at: Nanoseconds, bytes: number): string {
  const name = "resident memory";
  return JSON.stringify({ ph: "C", name, cat: "pyspy", ts: microseconds(at), pid, args: { bytes } });
}

/** The texts of one file's events. A name is made JSON once, however often it is opened and closed. */
class EventTexts {
  readonly #shown: ShownStacks;
  readonly #names: string[] = [];
  readonly #places: string[] = [];

  constructor(shown: ShownStacks) {
    this.#shown = shown;
  }

  begin(frame: number, at: Nanoseconds, { pid, tid }: TrackState): string {
    const place = this.#places[frame] ?? this.#placeOf(frame);
    this.#places[frame] = place;
    const name = this.#nameOf(this.#shown.functionOfFrame(frame));
    return `{"ph":"B","name":${name},"cat":"pyspy","ts":${microseconds(at)},"pid":${pid},"tid":${tid},"args":${place}}`;
  }

  end(id: number, at: Nanoseconds, { pid, tid }: TrackState): string {
    return `{"ph":"E","name":${this.#nameOf(id)},"cat":"pyspy","ts":${microseconds(at)},"pid":${pid},"tid":${tid}}`;
  }

  #nameOf(id: number): string {
    const name = this.#names[id] ?? JSON.stringify(this.#shown.functions[id]?.name ?? "");
    this.#names[id] = name;
    return name;
  }

  #placeOf(frame: number): string {
    const { file = "" } = this.#shown.functions[this.#shown.functionOfFrame(frame)] ?? {};
    return JSON.stringify({ filename: file, line: this.#shown.lineOfFrame(frame) || null });
  }
}

/** Closes what is not in the stack `frames` (the innermost first) and opens what is new in it. */
function* change(
  state: TrackState,
  frames: readonly number[],
  at: Nanoseconds,
  shown: ShownStacks,
  texts: EventTexts,
): Generator<string> {
  const { open } = state;
  const depth = frames.length;
  const frameAt = (level: number) => frames[depth - 1 - level] ?? 0;
  let common = 0;
  while (common < open.length && common < depth && open[common] === shown.functionOfFrame(frameAt(common)))
    common += 1;
  yield* close(state, common, at, texts);
  for (let level = common; level < depth; level++) {
    open.push(shown.functionOfFrame(frameAt(level)));
    yield texts.begin(frameAt(level), at, state);
  }
}

/** Closes the slices below the first `kept`, the innermost first. */
function* close(state: TrackState, kept: number, at: Nanoseconds, texts: EventTexts): Generator<string> {
  while (state.open.length > kept) yield texts.end(state.open.pop() ?? 0, at, state);
}

function microseconds(time: Nanoseconds): number {
  return Math.round(time) / 1000;
}
