import { Float64Column } from "../float64-column.js";
import { Int32Column } from "../int32-column.js";
import { printable } from "../printable-text.js";
import type { Profile } from "../profile.js";
import { intervalOf } from "../sample-weights.js";
import { ShownStacks } from "../shown-stacks.js";
import type { CodeOrigin } from "../source-file.js";
import { type ThreadTrack, threadTracks } from "../thread-tracks.js";
import { trackSamples } from "../track-samples.js";
import { creatorOf, type FormatOptions, titleOf } from "./format-options.js";
import { jsonNumbers } from "./json-pieces.js";
import { StringTable } from "./string-table.js";

/**
 * Writes a profile for https://profiler.firefox.com, in version 57 of its processed format: the oldest that has one table of
 * strings, which Perfetto reads as well; the Profiler upgrades it.
 *
 * Each sample counts for itself (weight type "samples") at the time at which it was taken. A time in which a thread was not
 * seen begins with a sample without a stack, which counts for nothing. Processor time is in `threadCPUDelta`, where it was measured.
 *
 * Source: firefox-devtools/profiler, docs-developer/CHANGELOG-formats.md and src/types/profile.ts.
 */
export function* firefox(profile: Profile, options: FormatOptions = {}): Generator<string> {
  const { metadata } = profile;
  const shown = new ShownStacks(profile, options);
  const strings = new StringTable();
  const tracks = collect(profile, shown, options);
  yield `{"meta":${JSON.stringify({
    interval: intervalOf(profile) / 1e6 || 1,
    startTime: metadata.startTime,
    endTime: metadata.startTime + profile.duration / 1e6,
    processType: 0,
    product: printable(titleOf(metadata, options)) || "pyspy",
    importedFrom: creatorOf(metadata, " "),
    stackwalk: 1,
    debug: false,
    version: 24,
    preprocessedProfileVersion: 57,
    categories: CATEGORIES,
    markerSchema: [],
    sampleUnits: { time: "ms", eventDelay: "ms", threadCPUDelta: "ns" },
    symbolicated: true,
    pausedRanges: [],
    usesOnlyOneStackType: true,
    doesNotUseFrameImplementation: true,
    sourceCodeIsNotOnSearchfox: true,
    extensions: { length: 0, baseURL: [], id: [], name: [] },
  })},"libs":[],"pages":[],"profilerOverhead":[],"counters":[],"threads":[`;
  let separator = "\n";
  for (const samples of tracks.length === 0 ? [nothingSeen()] : tracks) {
    yield separator;
    yield* threadJson(samples, shown, strings);
    separator = ",\n";
  }
  yield `\n],"shared":{"stringArray":${JSON.stringify(strings.texts)}}}\n`;
}

/** What the Profiler colours by. The first must be grey: it is the one of samples without a stack. */
const CATEGORIES = [
  { name: "Other", color: "grey", subcategories: ["Other"] },
  { name: "Program", color: "yellow", subcategories: ["Other"] },
  { name: "Libraries", color: "orange", subcategories: ["Other"] },
  { name: "Standard library", color: "green", subcategories: ["Other"] },
  { name: "Native code", color: "blue", subcategories: ["Other"] },
];

const CATEGORY_OF: Readonly<Record<CodeOrigin, number>> = {
  own: 1,
  library: 2,
  "standard-library": 3,
  native: 4,
  runtime: 0,
  container: 0,
};

interface TrackSamples {
  readonly track: ThreadTrack;
  /** Shown stacks; -1 is none. */
  readonly stacks: Int32Column;
  /** Nanoseconds. */
  readonly times: Float64Column;
  /** From the first sample on that does not count as one. */
  weights: Float64Column | undefined;
  /** From the first sample on of which it is known. */
  cpu: Float64Column | undefined;
}

function emptyTrack(track: ThreadTrack): TrackSamples {
  return {
    track,
    stacks: new Int32Column(),
    times: new Float64Column(),
    weights: undefined,
    cpu: undefined,
  };
}

/** The Profiler opens only what has a thread, and a time: this one has a sample without a stack. */
function nothingSeen(): TrackSamples {
  const track = emptyTrack({ process: undefined, id: 0, name: "no samples", interpreter: 0 });
  addSample(track, -1, 0, 0, 0);
  return track;
}

function collect(profile: Profile, shown: ShownStacks, options: FormatOptions): readonly TrackSamples[] {
  const threads = threadTracks(profile);
  const tracks = threads.tracks.map(emptyTrack);
  const ends = new Float64Array(tracks.length).fill(-1);
  const interval = intervalOf(profile);
  for (const { track: index, time, span, node, count, cpu } of trackSamples(profile, threads, options)) {
    const track = tracks[index];
    if (track === undefined) continue;
    const end = ends[index] ?? -1;
    // A sample is shown until the next: without this one, the last before a gap would fill it.
    if (end >= 0 && time - span > end + interval) addSample(track, -1, end + interval, 0, 0);
    addSample(track, shown.ofNode(node), Math.max(time, end), count, cpu);
    ends[index] = Math.max(time, end);
  }
  return tracks.filter(({ stacks }) => stacks.length > 0);
}

function addSample(track: TrackSamples, stack: number, time: number, count: number, cpu: number): void {
  if (count > 0 && count !== 1) track.weights ??= columnOf(track.stacks.length, 1);
  if (cpu > 0) track.cpu ??= columnOf(track.stacks.length, 0);
  track.stacks.push(stack);
  track.times.push(time);
  track.weights?.push(count);
  track.cpu?.push(Math.max(0, cpu));
}

function columnOf(length: number, value: number): Float64Column {
  const column = new Float64Column();
  for (let row = 0; row < length; row++) column.push(value);
  return column;
}

function* threadJson(samples: TrackSamples, shown: ShownStacks, strings: StringTable): Generator<string> {
  const { track } = samples;
  const tables = new ThreadTables(shown, strings);
  const stacks = samples.stacks.view();
  const times = samples.times.view();
  const pid = track.process?.pid ?? 0;
  const isMain = track.process !== undefined && track.id === pid;
  yield `{"name":${JSON.stringify(printable(track.name) || `thread ${track.id}`)},${members({
    isMainThread: isMain,
    processType: "default",
    processName: printable(track.process?.commandLine.join(" ") ?? "") || `process ${pid}`,
    processStartupTime: 0,
    processShutdownTime: null,
    registerTime: 0,
    unregisterTime: null,
    pausedRanges: [],
    pid: String(pid),
    tid: track.id,
  })},"samples":{"length":${stacks.length},"weightType":"samples","stack":`;
  yield* jsonNumbersOrNull(stacks, (stack) => (stack === -1 ? -1 : tables.ofStack(stack)));
  yield ',"timeDeltas":';
  yield* jsonNumbers(times, (time, row) => Math.round(time - (times[row - 1] ?? 0)) / 1e6);
  yield ',"weight":';
  if (samples.weights) yield* jsonNumbers(samples.weights.view());
  else yield "null";
  if (samples.cpu) {
    yield ',"threadCPUDelta":';
    yield* jsonNumbers(samples.cpu.view(), (cpu) => Math.round(cpu));
  }
  yield `},${members({
    markers: { length: 0, category: [], data: [], endTime: [], name: [], phase: [], startTime: [] },
    resourceTable: { length: 0, lib: [], name: [], host: [], type: [] },
    nativeSymbols: { length: 0, libIndex: [], address: [], name: [], functionSize: [] },
  })},`;
  yield* tables.json();
  yield "}";
}

/** What one thread's samples refer to. In version 57 each thread has tables of its own. */
class ThreadTables {
  readonly #shown: ShownStacks;
  readonly #strings: StringTable;
  readonly #stacks = new Renumbering();
  readonly #frames = new Renumbering();
  readonly #functions = new Renumbering();
  readonly #prefixes = new Int32Column();

  constructor(shown: ShownStacks, strings: StringTable) {
    this.#shown = shown;
    this.#strings = strings;
  }

  ofStack(stack: number): number {
    const path: number[] = [];
    let at = stack;
    while (at !== -1 && !this.#stacks.has(at)) {
      path.push(at);
      at = this.#shown.stacks.first(at);
    }
    let prefix = at === -1 ? -1 : this.#stacks.of(at);
    for (let next = path.pop(); next !== undefined; next = path.pop()) {
      this.#prefixes.push(prefix);
      prefix = this.#stacks.of(next);
      const frame = this.#shown.stacks.second(next);
      this.#frames.of(frame);
      this.#functions.of(this.#shown.functionOfFrame(frame));
    }
    return prefix;
  }

  *json(): Generator<string> {
    const shown = this.#shown;
    const stacks = this.#stacks.originals;
    const frames = this.#frames.originals;
    const functions = this.#functions.originals;
    const functionOf = (frame: number) => shown.functions[shown.functionOfFrame(frame)];
    yield `"stackTable":{"length":${stacks.length},"prefix":`;
    yield* jsonNumbersOrNull(this.#prefixes.view());
    yield ',"frame":';
    yield* jsonNumbers(stacks.map((stack) => this.#frames.of(shown.stacks.second(stack))));
    yield `},"frameTable":{"length":${frames.length},`;
    yield `${members({
      address: frames.map(() => -1),
      inlineDepth: frames.map(() => 0),
      category: frames.map((frame) => CATEGORY_OF[functionOf(frame)?.origin ?? "own"]),
      subcategory: frames.map(() => 0),
      func: frames.map((frame) => this.#functions.of(shown.functionOfFrame(frame))),
      nativeSymbol: frames.map(() => null),
      innerWindowID: frames.map(() => 0),
      line: frames.map((frame) => shown.lineOfFrame(frame) || null),
      column: frames.map(() => null),
    })}},"funcTable":{"length":${functions.length},`;
    const records = functions.map((id) => shown.functions[id]);
    yield `${members({
      isJS: functions.map(() => false),
      relevantForJS: functions.map(() => false),
      name: records.map((record) => this.#strings.idOf(record?.name ?? "")),
      resource: functions.map(() => -1),
      fileName: records.map((record) => (record?.file ? this.#strings.idOf(record.file) : null)),
      lineNumber: records.map((record) => record?.firstLine || null),
      columnNumber: functions.map(() => null),
    })}}`;
  }
}

/** Numbers anew what is used, in the order in which it is. */
class Renumbering {
  readonly originals: number[] = [];
  readonly #ids = new Map<number, number>();

  has(original: number): boolean {
    return this.#ids.has(original);
  }

  of(original: number): number {
    const known = this.#ids.get(original);
    if (known !== undefined) return known;
    this.#ids.set(original, this.originals.length);
    return this.originals.push(original) - 1;
  }
}

/** The members of an object, without its braces. */
function members(value: object): string {
  return JSON.stringify(value).slice(1, -1);
}

function* jsonNumbersOrNull(
  numbers: Int32Array,
  shown?: (value: number, index: number) => number,
): Generator<string> {
  for (const piece of jsonNumbers(numbers, shown)) yield piece.replaceAll("-1", "null");
}
