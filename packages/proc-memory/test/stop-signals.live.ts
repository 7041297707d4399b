import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { openProcess } from "../src/open-process.js";
import type { SpawnedProcess } from "../src/spawn.js";
import { openThreadStopper } from "../src/stop.js";
import { compile, PYTHON, start, temporaryDirectory, until } from "./live-programs.js";
import { StopHost, stateOf } from "./stop-host.js";

const LIBRARY = fileURLToPath(new URL("../dist/index.js", import.meta.url));
const AGAIN_AND_AGAIN = fileURLToPath(new URL("fixtures/stop-again-and-again.mjs", import.meta.url));

let executable: string;
beforeEach(() => {
  executable = compile("stop-host", "-O1", "-pthread");
});

function threadsOf(pid: number): readonly number[] {
  using target = openProcess(pid);
  return target.threads();
}

function statesOf(pid: number): readonly string[] {
  return threadsOf(pid).map((tid) => stateOf(pid, tid));
}

describe("signals of a process that is stopped again and again", () => {
  it("come exactly once, each with its value", async () => {
    const count = 10_000;
    // Many threads, so that the first, which gets the signals, is traced for a while before it is interrupted.
    const host = await StopHost.start(executable, ["sleep", "100"]);
    const tids = threadsOf(host.pid);
    using stopper = openThreadStopper(host.pid);
    const sender = start([executable, "-", "signal", String(host.pid), String(count)]);
    let stopped = 0;
    while (sender.poll() === undefined || stopped < 10_000) {
      stopped += stopper.stop(tids).stopped.length;
      stopper.resume();
    }
    expect(sender.wait().code).toBe(0);
    await until(() => host.signals >= count);
    expect([host.signals, host.strangeSignals]).toEqual([count, 0]);
    expect(host.values(count)).toEqual(new Array(count).fill(1));
  });

  it("are told to its parent as without us: stopped, continued, stopped, …", async () => {
    const directory = temporaryDirectory();
    const script = [
      "import os, signal, sys",
      "directory, executable = sys.argv[1:]",
      "child = os.posix_spawn(executable, [executable, directory + '/words', 'spin', '2'], os.environ)",
      "open(directory + '/new', 'w').write(str(child)); os.rename(directory + '/new', directory + '/child')",
      "while not os.path.exists(directory + '/go'): pass",
      "wrong = 0",
      "for _ in range(300):",
      "    os.kill(child, signal.SIGSTOP)",
      "    _, status = os.waitpid(child, os.WUNTRACED | os.WCONTINUED)",
      "    wrong += not (os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGSTOP)",
      "    os.kill(child, signal.SIGCONT)",
      "    _, status = os.waitpid(child, os.WUNTRACED | os.WCONTINUED)",
      "    wrong += not os.WIFCONTINUED(status)",
      "os.kill(child, signal.SIGTERM)",
      "_, status = os.waitpid(child, os.WUNTRACED)",
      "wrong += not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGTERM)",
      "sys.exit(min(wrong, 100))",
    ].join("\n");
    const parent = start([PYTHON, "-c", script, directory, executable]);
    await until(() => existsSync(join(directory, "child")));
    const child = Number(readFileSync(join(directory, "child"), "utf8"));
    await until(() => threadsOf(child).length === 3);
    const tids = threadsOf(child);
    using stopper = openThreadStopper(child);
    start(["touch", join(directory, "go")]).wait();
    let stopped = 0;
    while (parent.poll() === undefined) {
      stopped += stopper.stop(tids).stopped.length;
      stopper.resume();
    }
    expect(stopped).toBeGreaterThan(0);
    expect(parent.wait().code).toBe(0);
  });
});

describe("a process in state T", () => {
  it("is stopped, and then in state T again, until SIGCONT", async () => {
    const host = await StopHost.start(executable, ["spin", "2"]);
    host.program.kill("SIGSTOP");
    await until(() => statesOf(host.pid).every((state) => state === "T 0"));
    const before = [0, 1, 2].map((index) => host.rounds(index));
    const tids = threadsOf(host.pid);
    using stopper = openThreadStopper(host.pid);
    for (let round = 0; round < 300; round++) {
      await until(() => stopper.stop(tids).stopped.length === 3);
      stopper.resume();
    }
    await until(() => statesOf(host.pid).every((state) => state === "T 0"));
    expect([0, 1, 2].map((index) => host.rounds(index))).toEqual(before);
    host.program.kill("SIGCONT");
    for (const index of [0, 1, 2]) await host.goesOn(index);
  });

  it("comes to be so when SIGSTOP arrives while its threads are stopped, and ceases with SIGCONT", async () => {
    const host = await StopHost.start(executable, ["spin", "2"]);
    const tids = threadsOf(host.pid);
    using stopper = openThreadStopper(host.pid);
    await until(() => stopper.stop(tids).stopped.length === 3);
    host.program.kill("SIGSTOP");
    stopper.resume();
    await until(() => statesOf(host.pid).every((state) => state === "T 0"));
    await until(() => stopper.stop(tids).stopped.length === 3);
    host.program.kill("SIGCONT");
    stopper.resume();
    for (const index of [0, 1, 2]) await host.goesOn(index);
    expect(statesOf(host.pid)).toEqual(["R 0", "R 0", "R 0"]);
  });
});

describe("a profiler that is killed", () => {
  const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const;

  /** Starts one, kills it at a random moment while it stops and resumes, and returns when it is gone. */
  async function killOne(pid: number, signal: NodeJS.Signals, meanwhile?: () => void): Promise<void> {
    const begun = join(temporaryDirectory(), "begun");
    const profiler = start([process.execPath, AGAIN_AND_AGAIN, LIBRARY, String(pid), begun, "Infinity"]);
    await until(() => existsSync(begun));
    meanwhile?.();
    const end = performance.now() + Math.random() * 10;
    while (performance.now() < end);
    profiler.kill(signal);
    expect(profiler.wait().signal).toBe(signal);
  }

  it("leaves nothing stopped and loses no signal, 300 times", { timeout: 900_000 }, async () => {
    const host = await StopHost.start(executable, ["sleep", "30"]);
    for (let round = 0; round < 300; round++) {
      const senders: SpawnedProcess[] = [];
      await killOne(host.pid, SIGNALS[round % SIGNALS.length] ?? "SIGKILL", () => {
        senders.push(start([executable, "-", "signal", String(host.pid), "500"]));
      });
      const states = statesOf(host.pid);
      expect(states.filter((state) => !/^[RS] 0$/.test(state))).toEqual([]);
      await host.goesOn();
      expect(senders.map((sender) => sender.wait().code)).toEqual([0]);
    }
    await until(() => host.signals >= 300 * 500);
    expect([host.signals, host.strangeSignals]).toEqual([300 * 500, 0]);
  });

  it("leaves a process that was in state T in state T, and nothing lost", async () => {
    const host = await StopHost.start(executable, ["spin", "2"]);
    host.program.kill("SIGSTOP");
    await until(() => statesOf(host.pid).every((state) => state === "T 0"));
    const before = [0, 1, 2].map((index) => host.rounds(index));
    for (let round = 0; round < 20; round++) {
      await killOne(host.pid, SIGNALS[round % SIGNALS.length] ?? "SIGKILL");
      await until(() => statesOf(host.pid).every((state) => state === "T 0"));
    }
    expect([0, 1, 2].map((index) => host.rounds(index))).toEqual(before);
    host.program.kill("SIGCONT");
    for (const index of [0, 1, 2]) await host.goesOn(index);
  });
});
