import { countSamples, type Profile, ProfileBuilder, profileFormats } from "@pyspy/flamegraph";
import type {
  LaunchedSampler,
  LaunchOptions,
  Sampler,
  SamplerOptions,
  SamplingStatistics,
} from "@pyspy/stack-sampler";
import type { RecordCommand } from "../args.js";
import { type Ending, endingOf } from "../ending.js";
import {
  closedMessage,
  costMessage,
  emptyMessage,
  limitMessages,
  type RecordingSummary,
  searchingMessage,
  startMessage,
  waitingMessage,
  wroteMessage,
} from "../messages.js";
import { defaultOutputPath, type OutputFile, openOutput } from "../output-file.js";
import { packageVersion } from "../package-version.js";
import type { AskingSignal } from "../signals.js";
import { commandLine } from "../terminal/printable.js";
import { type Progress, showProgress } from "../terminal/progress.js";
import type { Terminal } from "../terminal/terminal.js";

/** What a recording needs of the world. */
export interface Surroundings {
  readonly samplers: {
    attach(pid: number, options?: SamplerOptions): Promise<Sampler>;
    launch(program: readonly string[], options?: LaunchOptions): Promise<LaunchedSampler>;
  };
  readonly terminal: Terminal;
  /** Calls back for each signal that asks pyspy to end, until disposed of. */
  readonly onAskingSignal: (listener: (signal: AskingSignal) => void) => Disposable;
  /** Ctrl-C reaches a program that we start without our help. */
  readonly hasControllingTerminal: boolean;
  /** What a program that we start prints appears where our status line would. */
  readonly sharesScreen: boolean;
  /** Tells about trouble that must not keep us from what is left to do. */
  readonly report: (error: unknown) => Promise<void>;
  /** Ends pyspy at once. */
  readonly leave: (ending: Ending) => void;
}

/**
 * Samples a process or a new program and writes the profile.
 *
 * @returns for a program that was started its own status, whatever became of the profile
 * @throws {CommandError | SamplerError} if there is nothing to wait for
 */
export async function record(command: RecordCommand, surroundings: Surroundings): Promise<Ending> {
  const { target, format } = command;
  const subject = target.kind === "process" ? `process-${target.pid}` : (target.words[0] ?? "");
  const path = command.output ?? defaultOutputPath(subject, profileFormats[format].extension, new Date());
  const output = openOutput(path, profileFormats[format].text);
  return target.kind === "process"
    ? recordProcess(target.pid, command, output, surroundings)
    : recordProgram(target.words, command, output, surroundings);
}

async function recordProcess(
  pid: number,
  command: RecordCommand,
  output: OutputFile,
  surroundings: Surroundings,
): Promise<Ending> {
  const { samplers, terminal, onAskingSignal, leave } = surroundings;
  // Until the process is open there is nothing to keep, and a signal ends pyspy as it would any program.
  await using sampler = await samplers.attach(pid, samplerOptions(command));
  let isStopping = false;
  using _signals = onAskingSignal((signal) => {
    // The first one asks for the profile. Who sends another does not want to wait for it.
    if (isStopping) leave({ signal });
    isStopping = true;
    sampler.stop();
  });
  terminal.say(startMessage({ ...command, python: await sampler.python }));
  const profile = await collect(sampler, command, terminal, true);
  const wrote = await writeProfile(sampler, profile, command, output, surroundings);
  return { code: wrote ? 0 : 1 };
}

/**
 * The program is what the person wanted to run: from here on pyspy leaves only after it, with its status. Signals
 * end the sampling and are passed on, each of them, since a program may want more than one. Ctrl-C is the exception: a
 * terminal sends it to the program itself.
 */
async function recordProgram(
  words: readonly string[],
  command: RecordCommand,
  output: OutputFile,
  surroundings: Surroundings,
): Promise<Ending> {
  const { samplers, terminal, onAskingSignal, hasControllingTerminal, sharesScreen, report } = surroundings;
  let launched: LaunchedSampler | undefined;
  const early: AskingSignal[] = [];
  const passOn = (signal: AskingSignal): void => {
    launched?.stop();
    if (signal !== "SIGINT" || !hasControllingTerminal) launched?.kill(signal);
  };
  using _signals = onAskingSignal((signal) => {
    if (launched === undefined) early.push(signal);
    else passOn(signal);
  });
  await using sampler = await samplers.launch(words, samplerOptions(command));
  launched = sampler;
  for (const signal of early) passOn(signal);
  try {
    terminal.say(startMessage({ ...command, python: undefined }));
    using _notice = noticeAfter(SEARCH_MILLISECONDS, sampler, () =>
      terminal.say(searchingMessage(command.target)),
    );
    const profile = await collect(sampler, command, terminal, !sharesScreen);
    await writeProfile(sampler, profile, command, output, surroundings);
  } catch (error) {
    await report(error);
  }
  const { reason } = await sampler.end;
  const sayWaiting = () => terminal.say(waitingMessage(command.target));
  const notice = reason === "exited" ? undefined : setTimeout(sayWaiting, NOTICE_MILLISECONDS);
  try {
    return endingOf(await sampler.exit);
  } finally {
    clearTimeout(notice);
  }
}

/** Calls `notice` if no Python has been found after a while; not when it is disposed of before. */
function noticeAfter(milliseconds: number, sampler: Sampler, notice: () => void): Disposable {
  const timer = setTimeout(notice, milliseconds);
  const dispose = () => clearTimeout(timer);
  void sampler.python.then(dispose);
  return { [Symbol.dispose]: dispose };
}

/** How long a program may run without a Python, and after the profile was written, before a person is told what is waited for. */
const SEARCH_MILLISECONDS = 2000;
const NOTICE_MILLISECONDS = 200;

function samplerOptions({ rate, duration, idle, blocking }: RecordCommand): SamplerOptions {
  return duration === undefined ? { rate, idle, blocking } : { rate, idle, blocking, duration };
}

/** Takes all batches in, and shows how it goes. */
async function collect(
  sampler: Sampler,
  { target, rate, duration }: RecordCommand,
  terminal: Terminal,
  showsProgress: boolean,
): Promise<ProfileBuilder> {
  const python = await sampler.python;
  const builder = new ProfileBuilder({
    command: target.kind === "program" ? target.words : [],
    rate,
    startTime: Date.now(),
    versions: { pyspy: packageVersion(), ...(python && { python: python.version }) },
  });
  const begin = performance.now();
  const sums = { samples: 0, taken: 0, missed: 0, unreadable: 0 };
  const progress = (): Progress => ({ seconds: (performance.now() - begin) / 1000, duration, ...sums });
  using _status = python && showsProgress ? showProgress(terminal, progress) : undefined;
  for await (const batch of sampler) {
    builder.add(batch);
    sums.samples += batch.samples.time.length;
    sums.taken += batch.counters.taken;
    sums.missed += batch.counters.missed;
    sums.unreadable += batch.counters.unreadable;
  }
  return builder;
}

/**
 * Writes what there is and says so.
 *
 * @returns false if sampling failed after some samples
 * @throws {SamplerError} if it failed before the first one: then there is no profile
 */
async function writeProfile(
  sampler: Sampler,
  builder: ProfileBuilder,
  command: RecordCommand,
  output: OutputFile,
  { terminal, report }: Surroundings,
): Promise<boolean> {
  const { seconds, problem, reason, statistics } = await sampler.end;
  const profile = described(builder.finish(seconds * 1e9), command.target, statistics);
  const samples = countSamples(profile);
  const summary: RecordingSummary = { samples, seconds, counters: profile.counters };
  if (problem && samples === 0) throw problem;
  if (problem) await report(problem);
  else if (samples === 0) terminal.warn(emptyMessage(profile.counters));
  const write = await profileFormats[command.format].load();
  const isWritten = output.write(write(profile));
  if (isWritten && statistics !== undefined && samples > 0) {
    terminal.say(costMessage(statistics, seconds));
    for (const note of limitMessages(statistics)) terminal.warn(note);
  }
  if (isWritten) terminal.say(wroteMessage(output.name, summary));
  else terminal.warn(closedMessage(output.name));
  return reason !== "failed";
}

function described(
  profile: Profile,
  target: RecordCommand["target"],
  statistics: SamplingStatistics | undefined,
): Profile {
  const sampling = statistics && { sampling: samplingFigures(statistics) };
  return { ...profile, metadata: { ...profile.metadata, title: titleOf(target, profile), ...sampling } };
}

/** As they are in a recording (docs/recording-format.md). */
function samplingFigures(statistics: SamplingStatistics): Record<string, number> {
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

function titleOf(target: RecordCommand["target"], profile: Profile): string {
  if (target.kind === "program") return commandLine(target.words);
  const words = profile.processes[0]?.commandLine ?? [];
  return words.length === 0 ? `Process ${target.pid}` : `${commandLine(words)} (process ${target.pid})`;
}
