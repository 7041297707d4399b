/**
 * One target, from opening it to its end, on one thread: a program that is launched has to be started,
 * read and waited for by the same thread of the operating system.
 */
import { type ExitStatus, openProcess, type Pid, type SpawnedProcess, spawn } from "@pyspy/proc-memory";
import { samplerErrorOf } from "../sampler-error-of.js";
import { ControlBlock } from "./control-block.js";
import { endedTooSoon } from "./ended-too-soon.js";
import {
  type LaunchOrder,
  problemOf,
  type SessionEnd,
  type SessionMessage,
  type SessionOrder,
} from "./protocol.js";
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
    let pid: Pid;
    if (target.kind === "launch") {
      program = launch(target);
      pid = program.pid;
      post({ type: "launched", pid });
    } else {
      pid = target.pid;
    }
    using process = openProcess(pid);
    const isMeant = target.kind === "launch" || (target.startTime ?? process.startTime) === process.startTime;
    if (!isMeant) throw endedTooSoon(target, "exited");
    post({ type: "end", end: await new SamplingRun(process, order, control, post, forwardSignals).run() });
  } catch (error) {
    const problem = samplerErrorOf(error);
    // A program that was launched may be over before there was time to open it.
    const end: Pick<SessionEnd, "reason" | "problem"> =
      program !== undefined && problem.code === "exited"
        ? { reason: "exited", problem: problemOf(endedTooSoon(target, "exited")) }
        : { reason: "failed", problem: problemOf(problem) };
    post({ type: "end", end: { ...end, seconds: 0, paused: 0, statistics: undefined, python: undefined } });
  }
  if (program !== undefined) post({ type: "exit", status: waitForExit(program, control, forwardSignals) });
}

function launch({ program, environment, workingDirectory }: LaunchOrder): SpawnedProcess {
  return spawn(program, {
    ...(environment !== undefined && { environment }),
    ...(workingDirectory !== undefined && { workingDirectory }),
  });
}

function waitForExit(program: SpawnedProcess, control: ControlBlock, forwardSignals: () => void): ExitStatus {
  for (;;) {
    forwardSignals();
    const status = program.poll();
    if (status !== undefined) return status;
    control.wait(EXIT_POLL);
  }
}
