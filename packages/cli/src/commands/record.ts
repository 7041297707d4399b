import type { ExitStatus, LaunchedSampler, Sampler, SamplerOptions } from "@pyspy/stack-sampler";
import { CommandError } from "../command-error.js";
import { type Ending, endingOf } from "../ending.js";
import { searchingMessage, startMessage, waitingMessage } from "../messages.js";
import { captureOutput } from "../record/program-options.js";
import { recordingPlanOf } from "../record/recorded-profile.js";
import { RunningRecording } from "../record/running-recording.js";
import type { Surroundings } from "../record/surroundings.js";
import { takeDown } from "../record/take-down.js";
import type { RecordCommand, RecordTarget } from "../record-arguments.js";
import type { AskingSignal } from "../signals.js";
import type { Terminal } from "../terminal/terminal.js";

/**
 * Samples processes or a new program and writes the profile.
 *
 * @returns for a program that was started its own status, whatever became of the profile
 * @throws {CommandError | SamplerError} if there is nothing to wait for
 */
export async function record(command: RecordCommand, surroundings: Surroundings): Promise<Ending> {
  const { target } = command;
  if (target.kind === "processes")
    return recordProcesses(await withMatches(command, target, surroundings), surroundings);
  using recording = new RunningRecording(recordingPlanOf(command));
  return await recordProgram(target.words, command, recording, surroundings);
}

/** The same command, of the processes that are meant. */
async function withMatches(
  command: RecordCommand,
  target: ProcessesTarget,
  { findPythons }: Surroundings,
): Promise<RecordCommand & { readonly target: ProcessesTarget }> {
  const { match } = target;
  if (match === undefined) return { ...command, target };
  const pids = [...new Set([...target.pids, ...(await findPythons(match))])];
  if (pids.length === 0) {
    throw new CommandError(
      "input",
      `No Python that can be looked into has a command line like ${match.map(({ source }) => source).join(" or ")}`,
    );
  }
  return { ...command, target: { ...target, pids } };
}

type ProcessesTarget = Extract<RecordTarget, { kind: "processes" }>;

async function recordProcesses(
  command: RecordCommand & { readonly target: ProcessesTarget },
  surroundings: Surroundings,
): Promise<Ending> {
  const { samplers, terminal, onAskingSignal, leave } = surroundings;
  const [pid = 0, ...more] = command.target.pids;
  const isOne = more.length === 0 && !command.subprocesses;
  using recording = new RunningRecording(recordingPlanOf(command));
  // Until the process is open there is nothing to keep, and a signal ends pyspy as it would any program.
  await using sampler = isOne
    ? await samplers.attach(pid, samplerOptions(command))
    : await samplers.attachAll(command.target.pids, samplerOptions(command));
  let isStopping = false;
  using _signals = onAskingSignal((signal) => {
    // The first one asks for the profile. Who sends another does not want to wait for it.
    if (isStopping) leave({ signal });
    isStopping = true;
    sampler.stop();
  });
  terminal.say(startMessage({ ...command, python: await sampler.python }));
  const isComplete = await takeDown(sampler, command, recording, surroundings, true);
  return { code: isComplete && !(command.strict && recording.samples === 0) ? 0 : 1 };
}

/**
 * The program is what the person wanted to run: from here on pyspy leaves only after it, with its status. Signals
 * end the sampling and are passed on, each of them, since a program may want more than one. Ctrl-C and Ctrl-\ are the exception:
 * a terminal sends them to the program itself.
 */
async function recordProgram(
  words: readonly string[],
  command: RecordCommand,
  recording: RunningRecording,
  surroundings: Surroundings,
): Promise<Ending> {
  const { samplers, terminal, onAskingSignal, hasControllingTerminal, report, callingUser, leave } =
    surroundings;
  let launched: LaunchedSampler | undefined;
  const early: AskingSignal[] = [];
  let isGone = false;
  let isHurried = false;
  const passOn = (signal: AskingSignal): void => {
    if (isGone) {
      // What is left is a reader of the profile who may never read.
      if (isHurried) leave({ signal });
      isHurried = true;
      recording.hurry();
      return;
    }
    launched?.stop();
    const isOfTerminal = hasControllingTerminal && (signal === "SIGINT" || signal === "SIGQUIT");
    if (!isOfTerminal) launched?.kill(signal);
  };
  using _signals = onAskingSignal((signal) => {
    if (launched === undefined) early.push(signal);
    else passOn(signal);
  });
  using captured = command.capture ? captureOutput() : undefined;
  await using sampler = await samplers.launch(words, {
    ...samplerOptions(command),
    ...callingUser,
    ...(captured && { streams: captured.streams }),
  });
  launched = sampler;
  const setGone = () => {
    isGone = true;
  };
  sampler.exit.then(setGone, setGone);
  if (command.afterwards === "detach") void sampler.end.then(setGone);
  // Not when the profile has been written: for that, too, somebody may have to read.
  using _kill = command.afterwards === "kill" ? killAfterSampling(sampler) : undefined;
  for (const signal of early) passOn(signal);
  let isComplete = false;
  const showsProgress = captured !== undefined || !surroundings.sharesScreen;
  try {
    terminal.say(startMessage({ ...command, python: undefined }));
    using _notice = noticeAfter(SEARCH_MILLISECONDS, sampler, () =>
      terminal.say(searchingMessage(command.target)),
    );
    isComplete = await takeDown(sampler, command, recording, surroundings, showsProgress);
  } catch (error) {
    sampler.stop();
    await report(error);
  }
  const { reason } = await sampler.end;
  const ending = reason === "exited" ? await sampler.exit : await afterSampling(sampler, command, terminal);
  const hasFailed = ending !== undefined && ending.code !== 0;
  if (captured !== undefined && (hasFailed || !isComplete)) surroundings.showCaptured(captured.read());
  if (command.strict && (!isComplete || recording.samples === 0)) return { code: 1 };
  return ending === undefined ? { code: 0 } : endingOf(ending);
}

/** What becomes of a program of which nothing more is sampled; undefined if nobody waits for it. */
async function afterSampling(
  sampler: LaunchedSampler,
  { target, afterwards }: RecordCommand,
  terminal: Terminal,
): Promise<ExitStatus | undefined> {
  if (afterwards === "detach") return undefined;
  const notice = setTimeout(() => terminal.say(waitingMessage(target)), NOTICE_MILLISECONDS);
  try {
    const status = await sampler.exit;
    // An end that was asked for is no failure of the program.
    const isOurs = afterwards === "kill" && (status.signal === "SIGTERM" || status.signal === "SIGKILL");
    return isOurs ? undefined : status;
  } finally {
    clearTimeout(notice);
  }
}

/** Ends the program as soon as nothing more is sampled of it, unless it has ended; until disposed of. */
function killAfterSampling(sampler: LaunchedSampler): Disposable {
  let last: NodeJS.Timeout | undefined;
  void sampler.end.then(({ reason }) => {
    if (reason === "exited") return;
    sampler.kill("SIGTERM");
    last = setTimeout(() => sampler.kill("SIGKILL"), KILL_MILLISECONDS);
  });
  return { [Symbol.dispose]: () => clearTimeout(last) };
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
/** How long a program has to end by itself. */
const KILL_MILLISECONDS = 5000;

function samplerOptions(command: RecordCommand): SamplerOptions {
  const { rate, duration, delay, idle, blocking, subprocesses, rss, tasks, gil, mainThread, exclude } =
    command;
  return {
    ...{ rate, idle, blocking },
    ...(duration !== undefined && { duration }),
    ...(delay > 0 && { delay }),
    ...(subprocesses && { subprocesses }),
    ...(tasks && { tasks }),
    ...(rss && { resident: true }),
    // What is not wanted for sure is not even looked at; the rest is left out of what was seen.
    ...(gil && { gilHolder: true }),
    ...(mainThread && { mainThread: true }),
    ...(exclude !== undefined && { excludeThreads: exclude }),
  };
}
