/**
 * One target, from opening it to its end, on one thread: a program that is launched has to be started,
 * read and waited for by the same thread of the operating system.
 */
import {
  dropTimerSlack,
  type ExitStatus,
  type LiveProcess,
  openProcess,
  type Pid,
  type SpawnedProcess,
  spawn,
  takeShortTurns,
} from "@pyspy/proc-memory";
import type { SamplerError } from "../sampler-error.js";
import { samplerErrorOf } from "../sampler-error-of.js";
import { ControlBlock } from "./control-block.js";
import { endedTooSoon } from "./ended-too-soon.js";
import {
  type LaunchOrder,
  problemOf,
  type SessionEnd,
  type SessionMessage,
  type SessionOrder,
  UNSAMPLED,
} from "./protocol.js";
import type { SampledRoots } from "./sampled-processes.js";
import { SamplingRun } from "./sampling-run.js";

/** Milliseconds between two looks whether a launched program has ended. */
const EXIT_POLL = 5;

/** Runs a session to its end; everything that happens is told to `post`. */
export async function runSession(
  order: SessionOrder,
  post: (message: SessionMessage) => void,
): Promise<void> {
  const control = new ControlBlock(order.control);
  const { target } = order;
  let program: SpawnedProcess | undefined;
  const forwardSignals = () => {
    for (const signal of control.takeSignals()) program?.kill(signal);
  };
  try {
    if (target.kind === "launch") {
      program = launch(target);
      post({ type: "launched", pid: program.pid });
    }
    const pids = target.kind === "launch" ? [program?.pid ?? 0] : [target.pid, ...(target.more ?? [])];
    using roots = openAll(pids);
    if (!isMeant(target, roots.processes[0])) throw endedTooSoon(target, "exited");
    // What was launched does not inherit it any more.
    takeShortTurns();
    dropTimerSlack();
    const run = new SamplingRun(roots, order, control, post, forwardSignals);
    post({ type: "end", end: await run.run() });
  } catch (error) {
    const problem = samplerErrorOf(error);
    // A program that was launched may be over before there was time to open it.
    const end: Pick<SessionEnd, "reason" | "problem"> =
      program !== undefined && problem.code === "exited"
        ? { reason: "exited", problem: problemOf(endedTooSoon(target, "exited")) }
        : { reason: "failed", problem: problemOf(problem) };
    post({ type: "end", end: { ...UNSAMPLED, ...end, python: undefined } });
  }
  if (program !== undefined) post({ type: "exit", status: waitForExit(program, control, forwardSignals) });
}

/** Opens processes, of which some may have ended or be closed to us; throws if that is so of all of them. */
function openAll(pids: readonly Pid[]): SampledRoots & Disposable {
  const processes: LiveProcess[] = [];
  const problems: SamplerError[] = [];
  for (const pid of pids) {
    try {
      processes.push(openProcess(pid));
    } catch (error) {
      problems.push(samplerErrorOf(error));
    }
  }
  if (processes.length === 0) throw problems[0];
  return {
    processes,
    problems,
    [Symbol.dispose]() {
      for (const process of processes) process.close();
    },
  };
}

/** The id of a process that was attached to may be another one's by now. */
function isMeant(target: SessionOrder["target"], process: LiveProcess | undefined): boolean {
  return target.kind === "launch" || (target.startTime ?? process?.startTime) === process?.startTime;
}

function launch({ program, environment, workingDirectory, streams, user }: LaunchOrder): SpawnedProcess {
  return spawn(program, {
    ...(environment !== undefined && { environment }),
    ...(workingDirectory !== undefined && { workingDirectory }),
    ...(streams !== undefined && { streams }),
    ...(user !== undefined && { user }),
  });
}

function waitForExit(program: SpawnedProcess, control: ControlBlock, forwardSignals: () => void): ExitStatus {
  for (;;) {
    if (control.hasNews()) forwardSignals();
    const status = program.poll();
    if (status !== undefined) return status;
    control.wait(EXIT_POLL);
  }
}
