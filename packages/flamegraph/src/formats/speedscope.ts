import { Float64Column } from "../float64-column.js";
import { Int32Column } from "../int32-column.js";
import { printable } from "../printable-text.js";
import type { Profile } from "../profile.js";
import { ShownStacks } from "../shown-stacks.js";
import { type ThreadTrack, threadTracks } from "../thread-tracks.js";
import { trackSamples } from "../track-samples.js";
import { creatorOf, type FormatOptions, titleOf } from "./format-options.js";
import { jsonLines, jsonNumbers } from "./json-pieces.js";

/**
 * Writes a file of https://www.speedscope.app: a "sampled" profile in seconds for each thread, as py-spy does.
 *
 * Weights are the time that a sample stands for (`SampleWeights`). Neighbouring samples of the same stack are one, but for the
 * first of each thread, which shows readers what one sample weighs. Time in which a thread was not seen is left out, so
 * that shares are of what was sampled.
 *
 * Its schema: https://www.speedscope.app/file-format-schema.json
 */
export function* speedscope(profile: Profile, options: FormatOptions = {}): Generator<string> {
  const { tracks, shown } = runsOf(profile, options);
  const title = printable(titleOf(profile.metadata, options)) || "pyspy";
  yield `{"$schema":"https://www.speedscope.app/file-format-schema.json","exporter":${JSON.stringify(
    creatorOf(profile.metadata, "@"),
  )},"name":${JSON.stringify(title)},"activeProfileIndex":0,"shared":{"frames":`;
  yield* jsonLines(framesOf(shown));
  yield '},"profiles":[';
  let separator = "\n";
  for (const track of tracks.length === 0 ? [emptyTrack(title)] : tracks) {
    yield separator;
    yield* profileJson(track, shown);
    separator = ",\n";
  }
  yield "\n]}\n";
}

interface TrackRuns {
  readonly name: string;
  readonly stacks: Int32Column;
  /** Nanoseconds. */
  readonly weights: Float64Column;
}

function runsOf(
  profile: Profile,
  options: FormatOptions,
): { tracks: readonly TrackRuns[]; shown: ShownStacks } {
  const threads = threadTracks(profile);
  const severalProcesses = new Set(threads.tracks.map(({ process }) => process)).size > 1;
  const shown = new ShownStacks(profile, options);
  const tracks = threads.tracks.map((track) => emptyTrack(nameOf(track, severalProcesses)));
  for (const { track: index, weight, node } of trackSamples(profile, threads, options)) {
    const track = tracks[index];
    if (track === undefined) continue;
    const stack = shown.ofNode(node);
    const last = track.stacks.length - 1;
    if (last > 0 && track.stacks.at(last) === stack) track.weights.addAt(last, weight);
    else {
      track.stacks.push(stack);
      track.weights.push(weight);
    }
  }
  return { tracks: tracks.filter(({ stacks }) => stacks.length > 0), shown };
}

function emptyTrack(name: string): TrackRuns {
  return { name, stacks: new Int32Column(), weights: new Float64Column() };
}

function nameOf(track: ThreadTrack, severalProcesses: boolean): string {
  const process = severalProcesses && track.process !== undefined ? `Process ${track.process.pid} ` : "";
  return `${process}Thread ${track.id}${track.name === "" ? "" : ` "${printable(track.name)}"`}`;
}

function* framesOf({ frames, functions }: ShownStacks): Generator<string> {
  for (let frame = 0; frame < frames.size; frame++) {
    const shown = functions[frames.first(frame)];
    const line = frames.second(frame);
    yield JSON.stringify({
      name: shown?.name ?? "",
      ...(shown !== undefined && shown.file !== "" && { file: shown.file }),
      ...(line > 0 && { line }),
    });
  }
}

function* profileJson({ name, stacks, weights }: TrackRuns, shown: ShownStacks): Generator<string> {
  const total = weights.view().reduce((sum, weight) => sum + weight, 0) / 1e9;
  yield `{"type":"sampled","name":${JSON.stringify(name)},"unit":"seconds","startValue":0,"endValue":${total},"samples":`;
  yield* jsonLines(stacksJson(stacks.view(), shown));
  yield ',"weights":';
  yield* jsonNumbers(weights.view(), (weight) => weight / 1e9);
  yield "}";
}

function* stacksJson(stacks: Int32Array, shown: ShownStacks): Generator<string> {
  for (const stack of stacks) yield `[${shown.framesOf(stack).reverse().join(",")}]`;
}
