import type { ProfileMetadata, SampleBatch } from "@pyspy/flamegraph";
import type { Sampler, SamplerEnd } from "@pyspy/stack-sampler";
import {
  closedMessage,
  costMessage,
  emptyMessage,
  limitMessages,
  othersMessages,
  pausedMessage,
  snapshotMessage,
  wroteMessage,
} from "../messages.js";
import type { RecordCommand } from "../record-arguments.js";
import { type Progress, showProgress } from "../terminal/progress.js";
import { batchFilterOf, metadataOf, processTitle, samplingFigures } from "./recorded-profile.js";
import type { RunningRecording } from "./running-recording.js";
import type { Surroundings } from "./surroundings.js";

/**
 * Takes down what `sampler` sees until its end, writes the profile and says so.
 *
 * @returns false if there is less than was asked for
 * @throws {SamplerError} if sampling failed before the first sample: then there is no profile
 * @throws {CommandError} `output`, if the profile cannot be written
 */
export async function takeDown(
  sampler: Sampler,
  command: RecordCommand,
  recording: RunningRecording,
  surroundings: Surroundings,
  showsProgress: boolean,
): Promise<boolean> {
  const { terminal, report } = surroundings;
  const taken = new TakenDown();
  const python = await sampler.python;
  let metadata = metadataOf(command, python);
  if (python !== undefined) await recording.begin(metadata);
  using _control = python && controlled(sampler, recording, surroundings);
  using _status =
    python && showsProgress && !command.hideProgress
      ? showProgress(terminal, () => taken.progress(command.duration))
      : undefined;
  const filter = batchFilterOf(command);
  let trouble: unknown;
  for await (const batch of sampler) {
    taken.add(batch);
    const [process] = metadata.title === undefined ? batch.processes : [];
    if (process !== undefined)
      metadata = { ...metadata, title: processTitle(process.pid, process.commandLine) };
    if (trouble !== undefined) continue;
    try {
      const isRead = recording.add(filter === undefined ? batch : filter.apply(batch));
      if (!recording.rotate(taken.nanoseconds) || !isRead) sampler.stop();
    } catch (error) {
      trouble = error;
      sampler.stop();
    }
  }
  const end = await sampler.end;
  if (trouble !== undefined) await report(trouble);
  // Of a program that has run to its end, however short, the profile is what there is: nothing.
  const hasRun = command.target.kind === "program" && end.reason === "exited";
  if (end.problem && recording.samples === 0 && !hasRun) {
    recording.discard();
    throw end.problem;
  }
  if (end.problem) await report(end.problem);
  if (python === undefined) await recording.begin(metadata);
  try {
    await write(end, metadata, command, recording, taken, surroundings);
  } catch (error) {
    // That the disk is full has been said.
    if (trouble === undefined) throw error;
  }
  const isSampled = end.problem === undefined || recording.samples > 0;
  return isSampled && end.reason !== "failed" && trouble === undefined;
}

async function write(
  end: SamplerEnd,
  metadata: ProfileMetadata,
  command: RecordCommand,
  recording: RunningRecording,
  taken: TakenDown,
  { terminal }: Surroundings,
): Promise<void> {
  const { seconds, paused, statistics, problem } = end;
  const { samples } = recording;
  const { counters } = taken;
  if (!problem && samples === 0) terminal.warn(emptyMessage(counters, end, command));
  const figures = statistics && { sampling: samplingFigures(statistics) };
  const isWritten = await recording.finish({ ...metadata, ...figures }, seconds * 1e9);
  if (!isWritten) {
    terminal.warn(closedMessage(recording.name));
    return;
  }
  for (const note of othersMessages(end)) terminal.say(note);
  if (statistics !== undefined && samples > 0) {
    terminal.say(costMessage(statistics, seconds));
    for (const note of limitMessages(statistics, seconds)) terminal.warn(note);
  }
  terminal.say(wroteMessage(recording.names, { samples, seconds, paused, counters }));
}

/** Writes what there is, pauses and goes on as somebody asks, until disposed of or the sampling is over. */
function controlled(
  sampler: Sampler,
  recording: RunningRecording,
  { terminal, report, control }: Surroundings,
): Disposable {
  let isPaused = false;
  const served = control.serve({
    SIGUSR1: () => writeSnapshot(recording, terminal, report),
    SIGUSR2: () => {
      isPaused = !isPaused;
      if (isPaused) sampler.pause();
      else sampler.resume();
      terminal.say(pausedMessage(isPaused));
    },
  });
  void sampler.end.then(() => served[Symbol.dispose]());
  return served;
}

/** Writes what there is by now; trouble with that is no reason to stop. */
function writeSnapshot(
  recording: RunningRecording,
  terminal: Surroundings["terminal"],
  report: Surroundings["report"],
): void {
  try {
    const name = recording.snapshot();
    if (name !== undefined) terminal.say(snapshotMessage(name));
  } catch (error) {
    void report(error);
  }
}

/** What has come so far. */
class TakenDown {
  readonly #begin = performance.now();
  readonly counters = { scheduled: 0, taken: 0, missed: 0, attempted: 0, good: 0, torn: 0, unreadable: 0 };
  #samples = 0;

  add({ samples, counters }: SampleBatch): void {
    this.#samples += samples.time.length;
    for (const name of Object.keys(this.counters) as (keyof typeof this.counters)[])
      this.counters[name] += counters[name];
  }

  get nanoseconds(): number {
    return (performance.now() - this.#begin) * 1e6;
  }

  progress(duration: number | undefined): Progress {
    const { taken, missed, unreadable } = this.counters;
    return { seconds: this.nanoseconds / 1e9, duration, samples: this.#samples, taken, missed, unreadable };
  }
}
