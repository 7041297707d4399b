import {
  BatchFilter,
  type BatchSelection,
  type ProfileMetadata,
  profileFormats,
  sampleViews,
} from "@pyspy/flamegraph";
import type { PythonDescription, SamplingStatistics } from "@pyspy/stack-sampler";
import { usage } from "../argument-values.js";
import { formatOfName } from "../format-of-name.js";
import { type Format, formatNames } from "../formats.js";
import { defaultOutputPath } from "../output-name.js";
import { packageVersion } from "../package-version.js";
import { formatOptionsOf } from "../presentation.js";
import type { RecordCommand } from "../record-arguments.js";
import { commandLine } from "../terminal/printable.js";
import type { RecordingPlan } from "./running-recording.js";

/**
 * What is to be made of a recording.
 *
 * @throws {CommandError} `usage`, if the format has no place for what is asked for
 */
export function recordingPlanOf(command: RecordCommand): RecordingPlan {
  const { target, output, rotation } = command;
  const format = command.format ?? formatOfName(output ?? "", formatNames) ?? formatNames[0];
  if (command.rss && !formatsWithMemory.some((name) => name === format)) {
    throw usage(
      `The format ${format} has no place for --rss; those that have are ${formatsWithMemory.join(", ")}`,
    );
  }
  const [pid] = target.kind === "processes" ? target.pids : [];
  const subject =
    target.kind === "program" ? (target.words[0] ?? "") : pid === undefined ? "pyspy" : `process-${pid}`;
  const path = output ?? defaultOutputPath(subject, profileFormats[format].extension, new Date());
  return { path, isNamed: output !== undefined, format, rotation, options: formatOptionsOf(command) };
}

const formatsWithMemory = ["pyspy", "jsonl", "chrometrace"] as const satisfies readonly Format[];

/** Leaves out what is not to be recorded; undefined if all is. */
export function batchFilterOf({
  gil,
  mainThread,
  include,
  exclude,
  rate,
}: RecordCommand): BatchFilter | undefined {
  const selection: BatchSelection = {
    ...(gil && { states: sampleViews.gil }),
    ...(include !== undefined && { include }),
    ...(exclude !== undefined && { exclude }),
    ...(mainThread && { threads: isMainThread }),
  };
  return Object.keys(selection).length === 0 ? undefined : new BatchFilter(selection, rate);
}

/** Linux calls a process's first thread by the id of the process. Where ids are not known, Python's name has to do. */
const isMainThread: NonNullable<BatchSelection["threads"]> = ({ tid, name }, process) =>
  tid === 0 ? name === "MainThread" : tid === process?.pid;

/** What is known when sampling begins. */
export function metadataOf(
  { target, rate, delay }: RecordCommand,
  python: PythonDescription | undefined,
): ProfileMetadata {
  const words = target.kind === "program" ? target.words : [];
  return {
    command: words,
    rate,
    startTime: Date.now() + delay * 1000,
    ...(words.length > 0 && { title: commandLine(words) }),
    versions: { pyspy: packageVersion(), ...(python && { python: python.version }) },
  };
}

/** The process that is sampled, or the first of them, by its command line. */
export function processTitle(pid: number, words: readonly string[]): string {
  return words.length === 0 ? `Process ${pid}` : `${commandLine(words)} (process ${pid})`;
}

/** As they are in a recording (docs/recording-format.md). */
export function samplingFigures(statistics: SamplingStatistics): Record<string, number> {
  const { rate, duration, systemCalls, bytes, turns, stops } = statistics;
  return {
    rate,
    "duration p50": duration.p50,
    "duration p99": duration.p99,
    "duration max": duration.max,
    "system calls": systemCalls,
    bytes,
    turns,
    ...(stops && { "stops total": stops.total, "stops p99": stops.p99, "stops max": stops.longest }),
  };
}
