import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { findPythons } from "../../../tools/testing/pythons.js";
import { openProcess } from "../src/open-process.js";
import { openThreadStopper, type ThreadStopper } from "../src/stop.js";
import { AS_NOBODY, compile, PYTHON, run, start, temporaryDirectory, until } from "./live-programs.js";
import { StopHost, stateOf } from "./stop-host.js";

const LIBRARY = fileURLToPath(new URL("../dist/index.js", import.meta.url));
const AGAIN_AND_AGAIN = fileURLToPath(new URL("fixtures/stop-again-and-again.mjs", import.meta.url));
const NOTHING_ELSE = { gone: [], refused: [], late: [] };

let executable: string;
function compileHost(): void {
  executable = compile("stop-host", "-O1", "-pthread");
}

function threadsOf(pid: number): readonly number[] {
  using target = openProcess(pid);
  return target.threads();
}

/** Stops until all of the threads stand still: on a busy machine one may be late. */
async function stopAll(stopper: ThreadStopper, tids: readonly number[]): Promise<void> {
  await until(() => stopper.stop(tids).stopped.length === tids.length);
}

/** Opens a process whose first thread may be about to be replaced, which looks like its end. */
async function opened(pid: number): Promise<ThreadStopper> {
  return vi.waitFor(() => openThreadStopper(pid), { timeout: 30_000, interval: 1 });
}

describe("threads that are stopped", () => {
  beforeEach(compileHost);

  it("stand still until they are resumed, and no others do", async () => {
    const host = await StopHost.start(executable, ["spin", "3"]);
    const tids = threadsOf(host.pid);
    using stopper = openThreadStopper(host.pid);
    const [first = 0, second = 0, third = 0, fourth = 0] = tids;
    await until(() => stopper.stop([second, third]).stopped.length === 2);
    const before = [1, 2].map((index) => host.rounds(index));
    expect([second, third].map((tid) => stateOf(host.pid, tid))).toEqual([
      `t ${process.pid}`,
      `t ${process.pid}`,
    ]);
    expect([first, fourth].map((tid) => stateOf(host.pid, tid))).toEqual(["R 0", "R 0"]);
    await host.goesOn(0);
    await host.goesOn(3);
    expect([1, 2].map((index) => host.rounds(index))).toEqual(before);
    expect(stopper.resume()).toBeGreaterThan(0);
    expect(tids.map((tid) => stateOf(host.pid, tid))).toEqual(["R 0", "R 0", "R 0", "R 0"]);
    for (const index of [0, 1, 2, 3]) await host.goesOn(index);
    expect(stopper.resume()).toBe(0);
  });

  it("go on standing still while more of them are stopped", async () => {
    const host = await StopHost.start(executable, ["spin", "2"]);
    const [first = 0, second = 0, third = 0] = threadsOf(host.pid);
    using stopper = openThreadStopper(host.pid, second);
    await stopAll(stopper, [second]);
    const before = host.rounds(1);
    await until(() => stopper.stopMore([third, second]).stopped.length === 2);
    expect(stopper.stopMore([])).toEqual({ ...NOTHING_ELSE, stopped: [second, third] });
    expect(host.rounds(1)).toBe(before);
    expect([first, second, third].map((tid) => stateOf(host.pid, tid))).toEqual([
      "R 0",
      `t ${process.pid}`,
      `t ${process.pid}`,
    ]);
    expect(stopper.resume()).toBeGreaterThan(0);
    for (const index of [0, 1, 2]) await host.goesOn(index);
  });

  it("may be asleep, and sleep on", async () => {
    const host = await StopHost.start(executable, ["sleep", "20"]);
    const sleepers = threadsOf(host.pid).filter((tid) => tid !== host.pid);
    using stopper = openThreadStopper(host.pid);
    await stopAll(stopper, sleepers);
    stopper.resume();
    await until(() => sleepers.every((tid) => stateOf(host.pid, tid) === "S 0"));
  });

  it("are told apart from those that are gone, or another process's", async () => {
    const host = await StopHost.start(executable, ["spin", "0"]);
    const other = start(["sleep", "600"]);
    const ended = start(["true"]);
    ended.wait();
    using stopper = openThreadStopper(host.pid);
    await until(() => {
      const outcome = stopper.stop([ended.pid, host.pid, other.pid, host.pid]);
      expect(outcome.gone).toEqual([ended.pid, other.pid]);
      return outcome.stopped.length === 1;
    });
    expect(stateOf(other.pid)).toBe("S 0");
  });

  it("may come and go all the time", async () => {
    const host = await StopHost.start(executable, ["churn", "4"]);
    using target = openProcess(host.pid);
    using stopper = openThreadStopper(host.pid);
    let stopped = 0;
    // On a busy machine many are late.
    await until(() => {
      for (let round = 0; round < 1000; round++) {
        stopped += stopper.stop(target.threads()).stopped.length;
        stopper.resume();
      }
      return stopped > 1000;
    });
    await until(() => stopper.late === 0);
    for (const index of [1, 2, 3, 4]) await host.goesOn(index);
    expect(host.state).toBe("R 0");
  });

  it("may execute a program, from any thread", async () => {
    const host = await StopHost.start(executable, ["execute"]);
    using target = openProcess(host.pid);
    using stopper = await opened(host.pid);
    for (let round = 0; round < 1000; round++) {
      // One at a time: the kernel blocks who begins to trace a second thread while another one waits for the first to
      // be reaped so that it can execute.
      stopper.stop(target.threads().slice(-1));
      stopper.resume();
    }
    await until(() => stopper.late === 0);
    await host.goesOn();
    // Now and then it is met while it executes, and its first thread waits for the others to end.
    await until(() => host.state === "R 0");
    expect(host.program.poll()).toBeUndefined();
  });

  it("are let go later when they do not stop in time", async () => {
    const host = await StopHost.start(executable, ["vfork"]);
    using stopper = openThreadStopper(host.pid);
    await until(() => stopper.stop([host.pid]).late.length === 1);
    stopper.resume();
    await until(() => stopper.late === 0);
    expect(stateOf(host.pid)).toMatch(/ 0$/);
    await host.goesOn();
  });
});

describe("threads that are stopped and run Python", () => {
  it.each(findPythons().map((python) => ({ name: python.name, python })))(
    "may be those of $name",
    async ({ python }) => {
      const file = join(temporaryDirectory(), "rounds");
      const script = [
        "import sys, threading",
        "def work(name):",
        "    rounds = 0",
        "    while 1:",
        "        rounds = rounds + 1",
        "        f = open(name, 'w'); f.write(str(rounds)); f.close()",
        "thread = threading.Thread(target=work, args=(sys.argv[1] + '1',))",
        "thread.setDaemon(1) if hasattr(thread, 'setDaemon') else setattr(thread, 'daemon', True)",
        "thread.start()",
        "work(sys.argv[1] + '0')",
      ].join("\n");
      const program = start([...python.command, "-W", "ignore", "-c", script, file]);
      const rounds = (index: number): string => readFileSync(file + index, "utf8");
      const goesOn = async (index: number): Promise<void> => {
        const before = rounds(index);
        await until(() => rounds(index) !== before && rounds(index) !== "");
      };
      await until(() => {
        try {
          return rounds(0) !== "" && rounds(1) !== "";
        } catch {
          return false;
        }
      });
      const stopper = openThreadStopper(program.pid);
      const tids = threadsOf(program.pid);
      await stopAll(stopper, tids);
      const before = [rounds(0), rounds(1)];
      for (let read = 0; read < 100; read++) expect([rounds(0), rounds(1)]).toEqual(before);
      for (let round = 0; round < 50; round++) {
        stopper.stop(tids);
        stopper.resume();
      }
      stopper.close();
      await goesOn(0);
      await goesOn(1);
      expect(tids.map((tid) => stateOf(program.pid, tid).slice(1))).toEqual(tids.map(() => " 0"));
      expect(program.poll()).toBeUndefined();
    },
  );
});

it("a process whose first thread has ended can be stopped", async () => {
  const script = [
    "import ctypes, threading",
    "def spin():",
    "    while True: pass",
    "threading.Thread(target=spin).start()",
    "ctypes.CDLL(None).pthread_exit(None)",
  ].join("\n");
  const { pid } = start([PYTHON, "-c", script]);
  await until(() => stateOf(pid).startsWith("Z"));
  using stopper = openThreadStopper(pid);
  const [first = 0, second = 0] = readdirSync(`/proc/${pid}/task`).map(Number);
  await until(() => {
    const outcome = stopper.stop([first, second]);
    expect(outcome.gone).toEqual([pid]);
    return outcome.stopped.includes(second);
  });
});

describe("a process that ends", () => {
  beforeEach(compileHost);

  it("ends with its exit code for us, who started it", () => {
    const directory = temporaryDirectory();
    const script = 'while [ ! -e "$1" ]; do :; done; i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; exit 7';
    const codes: (number | undefined)[] = [];
    for (let round = 0; round < 60; round++) {
      const go = join(directory, String(round));
      const program = start(["sh", "-c", script, "sh", go]);
      using stopper = openThreadStopper(program.pid);
      writeFileSync(go, "");
      let status = program.poll();
      while (status === undefined) {
        stopper.stop([program.pid]);
        status = program.poll();
        stopper.resume();
      }
      codes.push(status.code);
    }
    expect(codes).toEqual(codes.map(() => 7));
  });

  it("ends by the signal that came while it was stopped", async () => {
    const host = await StopHost.start(executable, ["spin", "3"]);
    using stopper = openThreadStopper(host.pid);
    await stopAll(stopper, threadsOf(host.pid));
    host.program.kill("SIGKILL");
    stopper.resume();
    expect(host.program.wait().signal).toBe("SIGKILL");
  });

  it("ends for its own parent", async () => {
    const directory = temporaryDirectory();
    const script = [
      "import os, subprocess, sys",
      "codes = []",
      "for _ in range(60):",
      "    child = subprocess.Popen(['sh', '-c', 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; exit 7'])",
      "    open(sys.argv[1] + '/new', 'w').write(str(child.pid)); os.rename(sys.argv[1] + '/new', sys.argv[1] + '/child')",
      "    codes.append(child.wait())",
      "sys.exit(codes != [7] * 60)",
    ].join("\n");
    const parent = start([PYTHON, "-c", script, directory]);
    let stopped = 0;
    while (parent.poll() === undefined) {
      try {
        const child = Number(readFileSync(join(directory, "child"), "utf8"));
        const stopper = openThreadStopper(child);
        for (let gone = 0; gone === 0; ) {
          const outcome = stopper.stop([child]);
          gone = outcome.gone.length;
          stopped += outcome.stopped.length;
          stopper.resume();
        }
        stopper.close();
      } catch {
        // None yet, or it has ended.
      }
    }
    expect(stopped).toBeGreaterThan(0);
    expect(parent.wait().code).toBe(0);
  });
});

describe("a process that may not be stopped", () => {
  beforeEach(compileHost);

  it("is traced by another one, which is told", async () => {
    const host = await StopHost.start(executable, ["spin", "0"]);
    using stopper = openThreadStopper(host.pid);
    const tracer = start(["strace", "-o", "/dev/null", "-p", String(host.pid)]);
    await until(() => host.state.endsWith(` ${tracer.pid}`));
    expect(stopper.stop([host.pid])).toEqual({ ...NOTHING_ELSE, stopped: [], refused: [host.pid] });
    expect(stopper.resume()).toBe(0);
    expect(() => openThreadStopper(host.pid)).toThrow(
      expect.objectContaining({
        code: "permission-denied",
        denied: "stop",
        message: `Cannot stop the threads of process ${host.pid}: process ${tracer.pid} (strace) traces it`,
      }),
    );
  });

  it("is traced in part: the rest of it may be stopped", async () => {
    const host = await StopHost.start(executable, ["spin", "1"]);
    const [first = 0, second = 0] = threadsOf(host.pid);
    const tracer = start(["strace", "-o", "/dev/null", "-p", String(first)]);
    await until(() => stateOf(host.pid, first).endsWith(` ${tracer.pid}`));
    using stopper = openThreadStopper(host.pid);
    await until(() => {
      const outcome = stopper.stop([first, second]);
      expect(outcome.refused).toEqual([first]);
      return outcome.stopped.length === 1;
    });
    stopper.resume();
    await host.goesOn(1);
  });

  it.each([0, -1, 1.5, 4_194_305])("does not exist: %d", (pid) => {
    expect(() => openThreadStopper(pid)).toThrow(expect.objectContaining({ code: "no-such-process", pid }));
  });

  it("has ended", async () => {
    const program = start(["true"]);
    await until(() => readFileSync(`/proc/${program.pid}/stat`, "utf8").includes(") Z "));
    expect(() => openThreadStopper(program.pid)).toThrow(expect.objectContaining({ code: "exited" }));
    expect(program.wait().code).toBe(0);
  });

  it("is another user's, but not one's own, also for nobody", async () => {
    const words = [process.execPath, AGAIN_AND_AGAIN, LIBRARY];
    const rest = [join(temporaryDirectory(), "begun"), "100"];
    const own = await StopHost.start(executable, ["sleep", "2"], AS_NOBODY);
    const { stopped, read } = JSON.parse(run([...AS_NOBODY, ...words, String(own.pid), ...rest]));
    expect(stopped).toBeGreaterThan(0);
    expect(read).toBe(400);
    await own.goesOn();
    const roots = await StopHost.start(executable, ["spin", "0"]);
    const script =
      "const { openThreadStopper } = await import(process.argv[1]);" +
      "try { openThreadStopper(Number(process.argv[2])); } catch (error) { console.log(error.code); }";
    const node = [process.execPath, "--input-type=module", "-e", script, LIBRARY, String(roots.pid)];
    expect(run([...AS_NOBODY, ...node])).toBe("permission-denied\n");
  });
});
