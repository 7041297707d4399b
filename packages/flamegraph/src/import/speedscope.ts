import type { Profile } from "../profile.js";
import type { FrameId, NodeId, ThreadId } from "../sample-batch.js";
import { ImportBuilder } from "./import-builder.js";
import { failToRead } from "./import-error.js";

/**
 * Reads files of https://www.speedscope.app: py-spy's, this package's and others', sampled and evented.
 *
 * Each profile is a thread; `Thread 41 "name"` and `Process 40 Thread 41 "name"` are taken apart. Weights that are times become
 * counts too: of the smallest weight, if all are multiples of it, as in files of samplers that weigh all alike, else of a
 * millisecond.
 */
export function readSpeedscope(bytes: Uint8Array): Profile {
  const file = object(parse(bytes), "the file");
  const frames = list(object(file["shared"], "shared")["frames"], "shared.frames");
  const tracks = list(file["profiles"], "profiles").map(trackOf);
  const interval = intervalOf(tracks);
  const title = typeof file["name"] === "string" ? { title: file["name"] } : {};
  const builder = new ImportBuilder({ command: [], rate: 1e9 / interval, startTime: 0, ...title });
  const frameIds = frames.map((frame, index) => builder.frame(frameOf(frame, `shared.frames[${index}]`)));
  for (const { name, rows, nanoseconds } of tracks) {
    const thread = threadOf(builder, name);
    for (const { node, weight } of rows(builder, frameIds)) {
      // A weight that is no time counts samples; time without a stack passes and is not sampled.
      const span = nanoseconds === 0 ? weight * interval : weight * nanoseconds;
      const time = builder.after(thread, span);
      if (node === -1 && nanoseconds > 0) continue;
      builder.sample({ thread, node, time, span, count: span / interval });
    }
  }
  return builder.finish();
}

interface Track {
  readonly name: string;
  /** Of its unit; 0 if that is no time. */
  readonly nanoseconds: number;
  weights(): Iterable<number>;
  rows(builder: ImportBuilder, frames: readonly FrameId[]): Iterable<Row>;
}

interface Row {
  readonly node: NodeId;
  readonly weight: number;
}

const NANOSECONDS: ReadonlyMap<unknown, number> = new Map([
  ["nanoseconds", 1],
  ["microseconds", 1e3],
  ["milliseconds", 1e6],
  ["seconds", 1e9],
]);

function trackOf(value: unknown, index: number): Track {
  const part = `profiles[${index}]`;
  const profile = object(value, part);
  const common = {
    name: typeof profile["name"] === "string" ? profile["name"] : "",
    nanoseconds: NANOSECONDS.get(profile["unit"]) ?? 0,
  };
  return profile["type"] === "evented"
    ? { ...common, ...eventedTrack(profile, part) }
    : { ...common, ...sampledTrack(profile, part) };
}

function sampledTrack(profile: Fields, part: string): Pick<Track, "weights" | "rows"> {
  const samples = list(profile["samples"], `${part}.samples`);
  const weights = list(profile["weights"], `${part}.weights`).map((weight, row) =>
    amount(weight, `${part}.weights[${row}]`),
  );
  if (weights.length !== samples.length)
    failToRead("speedscope", `${part} has not as many weights as samples`);
  return {
    weights: () => weights,
    *rows(builder, frames) {
      for (const [row, sample] of samples.entries()) {
        const place = `${part}.samples[${row}]`;
        let node = -1;
        for (const frame of list(sample, place)) node = builder.node(node, frameAt(frames, frame, place));
        yield { node, weight: weights[row] ?? 0 };
      }
    },
  };
}

/** What was open between two events is a row. */
function eventedTrack(profile: Fields, part: string): Pick<Track, "weights" | "rows"> {
  const events = list(profile["events"], `${part}.events`).map((value, index) =>
    object(value, `${part}.events[${index}]`),
  );
  const start = amount(profile["startValue"] ?? 0, `${part}.startValue`);
  const times = events.map(({ at }, index) => amount(at, `${part}.events[${index}].at`));
  const weights = times.map((at, index) => at - (index === 0 ? start : (times[index - 1] ?? 0)));
  const early = weights.findIndex((weight) => weight < 0);
  if (early !== -1) failToRead("speedscope", `${part}.events[${early}] is out of order`);
  return {
    weights: () => weights,
    *rows(builder, frames) {
      const open: { frame: unknown; node: NodeId }[] = [];
      for (const [index, { type, frame }] of events.entries()) {
        const place = `${part}.events[${index}]`;
        const node = open.at(-1)?.node ?? -1;
        const weight = weights[index] ?? 0;
        if (weight > 0) yield { node, weight };
        if (type === "O") open.push({ frame, node: builder.node(node, frameAt(frames, frame, place)) });
        else if (open.pop()?.frame !== frame) failToRead("speedscope", `${place} closes what is not open`);
      }
    },
  };
}

/** What one sample stands for, nanoseconds. */
function intervalOf(tracks: readonly Track[]): number {
  let smallest = Number.POSITIVE_INFINITY;
  const timed = tracks.filter(({ nanoseconds }) => nanoseconds > 0);
  for (const { weights, nanoseconds } of timed) {
    for (const weight of weights()) if (weight > 0) smallest = Math.min(smallest, weight * nanoseconds);
  }
  if (smallest === Number.POSITIVE_INFINITY) return 1e7;
  for (const { weights, nanoseconds } of timed) {
    for (const weight of weights()) if (!isMultiple(weight * nanoseconds, smallest)) return 1e6;
  }
  return smallest;
}

function isMultiple(value: number, unit: number): boolean {
  const ratio = value / unit;
  return Math.abs(ratio - Math.round(ratio)) < 1e-6 * Math.max(1, ratio);
}

function threadOf(builder: ImportBuilder, title: string): ThreadId {
  const [, pid = "0", tid, name = ""] = /^(?:Process (\d+) )?Thread (\d+)(?: "(.*)")?$/s.exec(title) ?? [];
  const process = builder.process(Number(pid));
  if (tid === undefined) return builder.thread({ process, name: title });
  // py-spy writes Python's id, an address; this package the kernel's.
  const id = Number(tid);
  return builder.thread(id < 2 ** 32 ? { process, tid: id, name } : { process, pythonId: id, name });
}

function frameOf(value: unknown, part: string) {
  const { name, file, line } = object(value, part);
  if (typeof name !== "string") failToRead("speedscope", `${part} has no name`);
  return {
    name,
    ...(typeof file === "string" && { file }),
    ...(typeof line === "number" && line > 0 && line < 2 ** 31 && { line: Math.floor(line) }),
  };
}

function frameAt(frames: readonly FrameId[], index: unknown, part: string): FrameId {
  const frame = typeof index === "number" ? frames[index] : undefined;
  return frame ?? failToRead("speedscope", `${part} refers to a frame that is not there`);
}

function amount(value: unknown, part: string): number {
  if (typeof value === "number" && value >= 0 && value < 2 ** 53) return value;
  return failToRead("speedscope", `${part} is no weight`);
}

type Fields = Readonly<Record<string, unknown>>;

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    return failToRead("speedscope", "it is not JSON", undefined, cause);
  }
}

function object(value: unknown, part: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  return failToRead("speedscope", `${part} is no object`);
}

function list(value: unknown, part: string): readonly unknown[] {
  return Array.isArray(value) ? value : failToRead("speedscope", `${part} is no list`);
}
