import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { attach, isSamplerError } from "@pyspy/stack-sampler";
import { expect, test } from "vitest";
import { ControlBlock } from "../../src/worker/control-block.js";
import type { SessionMessage } from "../../src/worker/protocol.js";
import { runSession } from "../../src/worker/session.js";
import { pythonOf } from "./fixtures/situation-pythons.js";

/**
 * Starts a process for every line that it reads, which works for so many seconds and then ends by itself: waiting for the
 * profiler to end it would need a thread that is not busy with attaching.
 */
const NURSERY = `
import os, signal, sys, time

def work(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass

if sys.argv[1] == "reaped":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    line = sys.stdin.readline()
    if not line:
        break
    seconds, end = line.split()
    pid = os.fork()
    if pid == 0:
        work(float(seconds))
        if end == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        sys.exit(3)
    os.write(1, b"%d\\n" % pid)
    if sys.argv[1] == "zombies":
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
`;

class Nursery implements AsyncDisposable {
  readonly #process;
  readonly #lines;

  constructor(fate: "reaped" | "zombies") {
    const [program = "", ...words] = [...pythonOf("3.13").command, "-c", NURSERY, fate];
    this.#process = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async start(milliseconds: number, end: "killed" | "exits"): Promise<number> {
    this.#process.stdin.write(`${milliseconds / 1000} ${end}\n`);
    return Number((await this.#lines.next()).value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const over = new Promise((resolve) => this.#process.once("exit", resolve));
    if (this.#process.exitCode === null) this.#process.kill("SIGKILL");
    await over;
  }
}

/** What a worker does that attaches, in this thread; how it came out, and how long it took to find the Python. */
async function attachIn(pid: number): Promise<{ outcome: string; took: number }> {
  const start = performance.now();
  let outcome = "nothing";
  let took = 0;
  const { buffer: control } = new ControlBlock();
  const how = {
    rate: 1000,
    delay: 0,
    duration: 600,
    subprocesses: false,
    idle: false,
    choice: {},
    tasks: false,
    resident: false,
    blocking: false,
    stopBudget: undefined,
    startTimeout: 600,
  };
  await runSession({ control, target: { kind: "attach", pid }, ...how }, (message: SessionMessage) => {
    if (message.type === "python") took = performance.now() - start;
    if (message.type !== "end") return;
    const { reason, problem } = message.end;
    outcome =
      problem?.code === "internal" ? problem.message : `${reason} ${problem?.code ?? "after it was sampled"}`;
  });
  return { outcome, took };
}

test("a process that ends while it is attached to is an end, 200 times", async () => {
  await using reaped = new Nursery("reaped");
  await using zombies = new Nursery("zombies");
  const outcomes = new Map<string, number>();
  const times: number[] = [];
  let longest = 50;
  for (let round = 0; round < 200; round++) {
    // At all times while it is opened, looked into and sampled; most in the beginning, when there is most to see of an end.
    const milliseconds = 2 * longest * ((round % 40) / 40) ** 3;
    const nursery = round % 2 === 0 ? reaped : zombies;
    const pid = await nursery.start(milliseconds, round % 4 < 2 ? "killed" : "exits");
    const { outcome, took } = await attachIn(pid);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (took > 0) times.push(took);
    // How long it takes to find a Python depends on what else the machine does.
    longest = times.toSorted((left, right) => left - right)[Math.floor(times.length / 2)] ?? longest;
  }
  const ended = "exited after it was sampled";
  const possible = [ended, "exited exited", "failed exited", "failed no-such-process", "failed finalized"];
  for (const outcome of outcomes.keys()) expect(possible).toContain(outcome);
  expect(outcomes.get(ended)).toBeGreaterThan(0);
  expect(outcomes.size).toBeGreaterThan(1);
}, 600_000);

test("and so it is for who asked for it", async () => {
  await using nursery = new Nursery("reaped");
  const attachments = [0, 30, 60, 120, 240, 480, 960].map(async (milliseconds) => {
    const pid = await nursery.start(milliseconds, "killed");
    try {
      await using sampler = await attach(pid, { rate: 1000 });
      for await (const _ of sampler);
      return (await sampler.end).reason;
    } catch (error) {
      return isSamplerError(error) ? error.code : String(error);
    }
  });
  for (const outcome of await Promise.all(attachments)) {
    expect(["exited", "no-such-process"]).toContain(outcome);
  }
}, 600_000);
