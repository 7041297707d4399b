import { copyFileSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dateOfStart, isProcessAlive, listProcesses, openProcess, readFamily } from "../src/open-process.js";
import { inspectPermissions } from "../src/permissions.js";
import { openLinuxProcess } from "../src/platform/linux/linux-process.js";
import type { LiveProcess } from "../src/process-view.js";
import { compile, PYTHON, start, startPython, temporaryDirectory, until } from "./live-programs.js";
import { RefusingMemory } from "./refusing-memory.js";

describe("openProcess", () => {
  it.each([0, -1, 1.5, Number.NaN, 2 ** 31, 2 ** 60, 4_194_305])("knows no process %d", (pid) => {
    expect(() => openProcess(pid)).toThrow(
      expect.objectContaining({
        code: "no-such-process",
        pid,
        message: `Cannot open process ${pid}: there is no such process`,
      }),
    );
    expect(isProcessAlive(pid)).toBe(false);
  });

  it("does not take a thread for a process", async () => {
    const { program } = await startPython(
      "import threading; threading.Thread(target=signal.pause, daemon=True).start()",
    );
    using target = openProcess(program.pid);
    const tid = target.threads().at(-1) ?? 0;
    expect(tid).not.toBe(program.pid);
    expect(() => openProcess(tid)).toThrow(
      expect.objectContaining({
        code: "no-such-process",
        pid: tid,
        message: `Cannot open process ${tid}: it is a thread of process ${program.pid}`,
      }),
    );
  });

  it("does not open a zombie", async () => {
    const program = start(["true"]);
    await until(() => !isProcessAlive(program.pid));
    expect(() => openProcess(program.pid)).toThrow(
      expect.objectContaining({
        code: "exited",
        message: `Cannot open process ${program.pid}: it has exited`,
      }),
    );
  });
});

describe("a running process", () => {
  it("has an executable, a command line, a parent, threads and a start time", async () => {
    const { program } = await startPython("signal.signal(signal.SIGUSR1, lambda *_: None)", "two words", "");
    using target = openProcess(program.pid);
    expect(target.executable).toMatch(/^\/usr\/bin\/python3/);
    expect(target.commandLine.slice(0, 2)).toEqual([PYTHON, "-c"]);
    expect(target.commandLine.slice(-2)).toEqual(["two words", ""]);
    expect([target.parent(), target.threads(), target.isAlive()]).toEqual([process.pid, [program.pid], true]);
    const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 100;
    expect(target.startTime).toBeGreaterThan(0);
    expect(target.startTime).toBeLessThanOrEqual(uptime + 1);
    expect(listProcesses()).toEqual(expect.arrayContaining([process.pid, program.pid]));
    const { startTime } = target;
    expect(readFamily()).toContainEqual(
      expect.objectContaining({ pid: program.pid, parent: process.pid, startTime, isAlive: true }),
    );
    const age = Date.now() - dateOfStart(openProcess(process.pid)).getTime();
    // The test runner has been running for less than that, and did not start tomorrow.
    expect(age).toBeGreaterThan(-1000);
    expect(Math.abs(age / 1000 - process.uptime())).toBeLessThan(60);
  });

  it("has more resident memory when it has touched more", async () => {
    const small = await startPython("");
    const large = await startPython("text = b'x' * 50_000_000");
    const bytesOf = (pid: number): number => {
      using target = openProcess(pid);
      return target.residentBytes() ?? Number.NaN;
    };
    expect(bytesOf(large.program.pid) - bytesOf(small.program.pid)).toBeGreaterThan(45_000_000);
    large.program.kill("SIGKILL");
    large.program.wait();
    expect(() => bytesOf(large.program.pid)).toThrow();
  });

  it("has maps in ascending order, its executable among them", () => {
    using target = openProcess(process.pid);
    const maps = target.maps();
    expect(maps.map((map) => map.start)).toEqual(maps.map((map) => map.start).sort((a, b) => a - b));
    expect(maps.some((map) => map.path === target.executable && map.executable)).toBe(true);
  });

  it("has nothing any more after its end", async () => {
    const program = start(["sleep", "600"]);
    using target = openProcess(program.pid);
    program.kill("SIGKILL");
    // It does not live any more some time before it is known how it has ended.
    await until(() => !target.isAlive() && target.threadState(program.pid) === "exited");
    expect(() => target.maps()).toThrow(
      expect.objectContaining({
        code: "exited",
        message: `Cannot read the memory maps of process ${program.pid}: SIGKILL has ended it`,
      }),
    );
    program.wait();
    expect(() => target.maps()).toThrow(expect.objectContaining({ code: "exited" }));
    expect([target.isAlive(), target.executable, target.commandLine, target.threads()]).toEqual([
      false,
      undefined,
      [],
      [],
    ]);
    expect([target.parent(), target.threadState(program.pid)]).toEqual([undefined, undefined]);
  });

  it("is followed through execve", async () => {
    const program = start(["sh", "-c", "kill -STOP $$; exec sleep 600"]);
    using target = openProcess(program.pid);
    await until(() => target.threadState(program.pid) === "stopped");
    const { startTime } = target;
    program.kill("SIGCONT");
    await until(() => target.commandLine[0] === "sleep");
    expect([target.isAlive(), openProcess(program.pid).startTime]).toEqual([true, startTime]);
  });

  it("has a path without the mark when its executable is deleted, unless that is its name", () => {
    const directory = temporaryDirectory();
    for (const name of ["gone", "kept (deleted)"]) {
      const path = join(directory, name);
      copyFileSync("/bin/sleep", path);
      using target = openProcess(start([path, "600"]).pid);
      if (name === "gone") unlinkSync(path);
      expect(target.executable).toBe(path);
    }
  });

  it("releases its descriptors when closed, once", () => {
    const target = openProcess(process.pid);
    target.threadState(process.pid);
    target.close();
    target.close();
    expect([target.isAlive(), target.parent()]).toEqual([false, undefined]);
  });
});

describe("a process whose first thread has ended before the others", () => {
  /** What can be seen of it. */
  function seen(target: LiveProcess, buffer: Uint8Array) {
    const map = target.maps().find(({ path, executable }) => path === target.executable && executable);
    const file = map && target.openMappedFile(map);
    const read = target.memory.readInto(map?.start ?? 0, buffer);
    const { trials } = inspectPermissions(target.pid);
    const result = {
      alive: [target.isAlive(), isProcessAlive(target.pid)],
      status: target.exitStatus(),
      executable: target.executable,
      commandLine: target.commandLine,
      file: file?.read(0, 4),
      read: [read, target.memory.failure],
      trials,
    };
    file?.close();
    return result;
  }

  it.each([
    ["process_vm_readv", undefined],
    ["/proc/PID/mem", new RefusingMemory()],
  ])("is looked into through those, its memory with %s", async (_, reader) => {
    const program = start([compile("leaderless", "-pthread"), "two words"]);
    using opened = openLinuxProcess(program.pid, reader);
    await until(() => opened.threads().length === 2);
    const [first, again] = [new Uint8Array(64), new Uint8Array(64)];
    const before = seen(opened, first);
    expect(before).toMatchObject({
      alive: [true, true],
      read: [64, undefined],
      file: Uint8Array.from(Buffer.from("\x7fELF")),
    });

    program.kill("SIGUSR1");
    await until(() => opened.threadState(program.pid) === "exited");
    expect(seen(opened, again)).toEqual(before);
    expect(again).toEqual(first);
    using late = openLinuxProcess(program.pid, reader);
    expect(seen(late, again)).toEqual(before);

    program.kill("SIGUSR2");
    await until(() => !opened.isAlive());
    expect([isProcessAlive(program.pid), opened.exitStatus()]).toEqual([
      false,
      expect.objectContaining({ code: 3 }),
    ]);
    expect(() => openProcess(program.pid)).toThrow(expect.objectContaining({ code: "exited" }));
    expect([opened.memory.readInto(4096, again), opened.memory.failure]).toEqual([0, "exited"]);
  });
});

describe("the state of a thread", () => {
  it("is running in a loop, then stopped, then exited, then nothing", async () => {
    const program = start(["sh", "-c", "while :; do :; done"]);
    using target = openProcess(program.pid);
    await until(() => target.threadState(program.pid) === "running");
    program.kill("SIGSTOP");
    await until(() => target.threadState(program.pid) === "stopped");
    program.kill("SIGKILL");
    await until(() => target.threadState(program.pid) === "exited");
    program.wait();
    expect(target.threadState(program.pid)).toBeUndefined();
  });
});

describe("the name of a process", () => {
  it("may hold parentheses, spaces and newlines", async () => {
    const { program } = await startPython(
      'ctypes.CDLL(None).prctl(15, b") R 1 (\\n", 0, 0, 0)\nsignal.signal(signal.SIGUSR1, lambda *_: None)',
    );
    using target = openProcess(program.pid);
    await until(() => target.threadState(program.pid) === "sleeping");
    expect([target.parent(), target.isAlive()]).toEqual([process.pid, true]);
  });
});
