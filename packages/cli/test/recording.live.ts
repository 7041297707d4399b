import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { RecordingFileSource, readRecording } from "@pyspy/flamegraph";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  anyPython,
  atWork,
  busy,
  expectAllTicks,
  pyspyPath,
  type TestProcess,
  Workplace,
} from "./pyspy-process.js";

const workplace = new Workplace();
const python = anyPython();
const files = (): string[] => readdirSync(workplace.folder).sort();
const pathOf = (name: string): string => join(workplace.folder, name);

/** What a recording says that was cut off at whatever byte. */
function readCutOff(name: string): { samples: number; lastTime: number; complete: boolean } {
  using source = new RecordingFileSource(pathOf(name));
  const recording = readRecording(source);
  let samples = 0;
  let lastTime = 0;
  for (const { time } of recording.profile().batches()) {
    samples += time.length;
    lastTime = Math.max(lastTime, ...time);
  }
  return { samples, lastTime, complete: recording.complete };
}

/** The samples in it, also before it is one. */
function readCutOffOrNothing(name: string): number {
  return readFileSync(pathOf(name)).length < 10 ? 0 : readCutOff(name).samples;
}

/** Kills it alone, not what it has started. */
async function killAlone(pyspy: TestProcess): Promise<void> {
  process.kill(pyspy.pid, "SIGKILL");
  await new Promise((resolve) => pyspy.child.once("exit", resolve));
}

describe("a recording whose writer is killed", () => {
  test("has all up to the last second, ten times at random", async () => {
    const target = workplace.start(busy(python, "--ticks", "10000"));
    await target.moreTicks(1);
    const losses: number[] = [];
    for (let round = 0; round < 10; round++) {
      const name = `${round}.pyspy`;
      const pyspy = workplace.pyspy(
        "record",
        "-f",
        "pyspy",
        "-o",
        name,
        "-r",
        "1000",
        "-p",
        String(target.pid),
      );
      await pyspy.until(({ stderr }) => stderr.includes("Sampling"));
      // It exists from the beginning of the sampling on.
      while (!files().includes(name)) await target.moreTicks(1);
      const waitedBefore = waitedForProcessors(pyspy);
      const { passed, overslept } = await passTime(1500 + Math.random() * 1500);
      const waited = waitedForProcessors(pyspy) - waitedBefore;
      await killAlone(pyspy);
      const { samples, lastTime, complete } = readCutOff(name);
      expect(complete).toBe(false);
      expect(samples).toBeGreaterThan(0);
      const lost = passed - lastTime / 1e6;
      losses.push(lost);
      expect(lost).toBeLessThan(1000 + waited + overslept);
      rmSync(pathOf(name));
    }
    // Also where processors are scarce.
    expect(losses.sort((a, b) => a - b)[losses.length / 2]).toBeLessThan(1000);
    expect(files()).toEqual([]);
  });

  /** Milliseconds for which its threads have waited for a processor: then they can write nothing. */
  function waitedForProcessors({ pid }: TestProcess): number {
    const threads = readdirSync(`/proc/${pid}/task`);
    const texts = threads.map((tid) => readFileSync(`/proc/${pid}/task/${tid}/schedstat`, "utf8"));
    return texts.reduce((sum, text) => sum + Number(text.split(" ")[1]) / 1e6, 0);
  }

  /** Lets so many milliseconds pass. `overslept` is by how much the machine stood still, for whatever reason. */
  async function passTime(milliseconds: number): Promise<{ passed: number; overslept: number }> {
    const began = performance.now();
    let overslept = 0;
    let now = began;
    while (now - began < milliseconds) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      const next = performance.now();
      overslept += Math.max(0, next - now - 40);
      now = next;
    }
    return { passed: now - began, overslept };
  }

  test("is converted with a word about that", async () => {
    const pyspy = workplace.pyspy("record", "-f", "pyspy", "-o", "a.pyspy", ...busy(python));
    await pyspy.untilRecorded(atWork);
    await killAlone(pyspy);
    const { code, stderr } = await workplace.pyspy("convert", "a.pyspy", "-f", "raw").outcome;
    expect(code).toBe(0);
    expect(stderr).toContain("a.pyspy has no end: it is still written, or pyspy was killed.");
    expect(readFileSync(pathOf("a.txt"), "utf8")).toContain("work (");
  });

  test("leaves no empty file of a name that nobody gave", async () => {
    const pyspy = workplace.pyspy("record", "-f", "raw", ...busy(python));
    await pyspy.untilRecorded(atWork);
    await killAlone(pyspy);
    expect(files()).toEqual([]);
  });

  test("leaves nothing behind where it was not asked for", async () => {
    const pyspy = workplace.pyspy("record", "-f", "raw", "-o", "a.txt", ...busy(python));
    await pyspy.untilRecorded(atWork);
    await killAlone(pyspy);
    expect(files()).toEqual([]);
  });
});

describe("a recording", () => {
  test("gives the same profile as when it is converted later", async () => {
    const words = workplace.busyUntilLet(python);
    const pyspy = workplace.pyspy("record", "-f", "pyspy", "-o", "a.pyspy", ...words);
    const { code } = await workplace.sampledAtWork(pyspy);
    expect(code).toBe(0);
    const { samples, complete } = readCutOff("a.pyspy");
    expect(complete).toBe(true);
    const { stderr } = await workplace.pyspy("convert", "a.pyspy", "-f", "raw", "-o", "a.txt").outcome;
    expect(stderr).toMatch(/Wrote a\.txt: \d+ samples/);
    const counts = readFileSync(pathOf("a.txt"), "utf8").match(/\d+$/gm) ?? [];
    const shown = counts.reduce((sum, count) => sum + Number(count), 0);
    expect(shown).toBeGreaterThan(0);
    expect(shown).toBeLessThanOrEqual(samples);
  });

  test("goes to standard output while it is made", async () => {
    const target = workplace.start(busy(python, "--ticks", "10000"));
    const record = [
      process.execPath,
      pyspyPath,
      "record",
      "-f",
      "pyspy",
      "-o",
      "-",
      "-p",
      String(target.pid),
    ];
    const pyspy = workplace.start(["sh", "-c", 'exec "$@" > a.pyspy', "sh", ...record]);
    await pyspy.until(({ stderr }) => stderr.includes("Sampling"));
    while (!files().includes("a.pyspy") || readCutOffOrNothing("a.pyspy") === 0) await target.moreTicks(1);
    expect(readCutOff("a.pyspy").complete).toBe(false);
    process.kill(pyspy.pid, "SIGINT");
    expect(await pyspy.outcome).toMatchObject({ code: 0 });
    expect(readCutOff("a.pyspy")).toMatchObject({ complete: true });
  });

  test("goes on in another file after a while, and only the last ones are kept", async () => {
    const pyspy = workplace.pyspy(
      ...["record", "-r", "1000", "-f", "pyspy", "-o", "a.pyspy", "--rotate", "1s", "--keep", "2"],
      ...workplace.busyUntilLet(python),
    );
    await pyspy.untilRecorded(atWork);
    const seen = new Set<string>();
    while (seen.size < 4) {
      for (const name of files()) if (name.endsWith(".pyspy")) seen.add(name);
      await pyspy.moreTicks(1);
    }
    workplace.letEnd();
    const { code, stderr } = await pyspy.outcome;
    expect(code).toBe(0);
    const pieces = files();
    expect(pieces).toHaveLength(2);
    const [last = "", whole = ""] = pieces.toReversed();
    for (const name of pieces) {
      expect(name).toMatch(/^a-\d{4}-\d\d-\d\dT\d{6}\.pyspy$/);
      expect(readCutOff(name)).toMatchObject({ complete: true });
    }
    // The last may have begun when the program ended.
    expect(readCutOff(whole).samples).toBeGreaterThan(0);
    expect(stderr).toContain(`Wrote ${last} and the file before it, without `);
  });

  test("is a profile of another format for each file, too", async () => {
    const pyspy = workplace.pyspy(
      ...["record", "-r", "1000", "-f", "raw", "-o", "a.txt", "--rotate", "1s"],
      ...workplace.busyUntilLet(python),
    );
    const isAtWork = (name: string): boolean => atWork.test(readFileSync(pathOf(name), "utf8"));
    while (files().filter((name) => name.endsWith(".txt") && isAtWork(name)).length < 2)
      await pyspy.moreTicks(1);
    workplace.letEnd();
    const { code, stderr } = await pyspy.outcome;
    expect(code).toBe(0);
    expect(stderr).toContain(`Wrote ${files().at(-1)} and the `);
  });

  test("is written up to now at SIGUSR1", async () => {
    const words = workplace.busyUntilLet(python);
    const pyspy = workplace.pyspy("record", "-f", "raw", "-o", "a.txt", ...words);
    await pyspy.untilRecorded(atWork);
    process.kill(pyspy.pid, "SIGUSR1");
    await pyspy.until(({ stderr }) => stderr.includes("what was sampled up to now"));
    const [snapshot = ""] = files();
    expect(snapshot).toMatch(/^a-snapshot-\d{4}-\d\d-\d\dT\d{6}\.txt$/);
    expect(readFileSync(pathOf(snapshot), "utf8")).toMatch(atWork);
    workplace.letEnd();
    const { code, stderr } = await pyspy.outcome;
    expect(code).toBe(0);
    expect(stderr).not.toContain("Debugger");
    expect(files()).toEqual([snapshot, "a.txt"]);
  });

  test("has nothing to write or to pause before there is a Python, and after the sampling", async () => {
    const words = workplace.busyUntilLet(python, "--count-interrupts");
    const program = ["sh", "-c", 'read -r _; exec "$@"', "sh", ...words];
    const argv = ["record", "-s", "-f", "raw", "-o", "a.txt", "--", ...program];
    const pyspy = workplace.start([process.execPath, pyspyPath, ...argv], { stdin: "pipe" });
    await pyspy.until(({ stderr }) => stderr.includes("Sampling"));
    process.kill(pyspy.pid, "SIGUSR1");
    await pyspy.until(({ stderr }) => stderr.includes("Nothing to write yet: sampling has not begun\n"));
    process.kill(pyspy.pid, "SIGUSR2");
    await pyspy.until(({ stderr }) => stderr.includes("Nothing to pause yet: sampling has not begun\n"));
    pyspy.child.stdin?.end("go\n");
    await pyspy.untilRecorded(atWork);
    // It ends the sampling, and the program survives it.
    process.kill(pyspy.pid, "SIGINT");
    await pyspy.until(({ stderr }) => stderr.includes("Waiting for the program to end"));
    process.kill(pyspy.pid, "SIGUSR1");
    await pyspy.until(({ stderr }) => stderr.includes("Nothing to write any more: sampling is over\n"));
    process.kill(pyspy.pid, "SIGUSR2");
    await pyspy.until(({ stderr }) => stderr.includes("Nothing to pause any more: sampling is over\n"));
    workplace.letEnd();
    const { code, stderr, stdout } = await pyspy.outcome;
    expect(code).toBe(11);
    expect(stderr).not.toContain("Debugger");
    expectAllTicks(stdout);
    expect(files()).toEqual(["a.txt"]);
  });

  test("has nothing of a pause between two SIGUSR2", async () => {
    const words = workplace.busyUntilLet(python);
    const pyspy = workplace.pyspy("record", "-f", "pyspy", "-o", "a.pyspy", ...words);
    await pyspy.untilRecorded(atWork);
    process.kill(pyspy.pid, "SIGUSR2");
    await pyspy.until(({ stderr }) => stderr.includes("Paused"));
    await pyspy.moreTicks(15);
    const before = readCutOff("a.pyspy").samples;
    process.kill(pyspy.pid, "SIGUSR2");
    await pyspy.until(({ stderr }) => stderr.includes("Sampling again"));
    while (readCutOff("a.pyspy").samples === before) await pyspy.moreTicks(1);
    workplace.letEnd();
    const { code, stderr } = await pyspy.outcome;
    expect(code).toBe(0);
    expect(stderr).toMatch(/with \d+\.\d s of pause at \d/);
    using source = new RecordingFileSource(pathOf("a.pyspy"));
    const times = [...readRecording(source).profile().batches()]
      .flatMap(({ time }) => [...time])
      .sort((a, b) => a - b);
    const longest = Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? 0)));
    expect(longest).toBeGreaterThan(1e9);
  });

  test("that finds the disk full says so, keeps what there is, and lets the program go on", async () => {
    // Room for a dozen batches, of which each has 2 KB and more.
    const limited = ["prlimit", "--fsize=60000", process.execPath, pyspyPath];
    const pyspy = workplace.start([
      ...limited,
      ...["record", "-r", "2000", "-f", "pyspy", "-o", "a.pyspy"],
      ...workplace.busyUntilLet(python, "--exit", "3"),
    ]);
    await pyspy.until((running) => running.stderr.includes("Cannot write"));
    workplace.letEnd();
    const { code, stderr, stdout } = await pyspy.outcome;
    expect(stderr).toContain("pyspy: Cannot write a.pyspy: the file would be too large");
    expect(stderr).not.toContain("This is a bug");
    expectAllTicks(stdout);
    expect(code).toBe(3);
    expect(readCutOff("a.pyspy").samples).toBeGreaterThan(0);
  });
});

describe("a recording that goes to one who does not read", () => {
  const argv = ["record", "-f", "pyspy", "-o", "-"];
  const toFull = ["sh", "-c", 'exec "$@" > full', "sh", process.execPath, pyspyPath, ...argv];
  let reader: number;

  beforeEach(() => {
    execFileSync("mkfifo", [pathOf("full")]);
    reader = openSync(pathOf("full"), constants.O_RDWR | constants.O_NONBLOCK);
    expect(() => {
      for (;;) writeSync(reader, Buffer.alloc(4096));
    }).toThrow("EAGAIN");
  });

  afterEach(() => closeSync(reader));

  const spin = "import os, time; end = time.time() + 1";
  const say = "open('ended', 'w').write('%d\\n' % os.getpid())";

  /** Waits until the program has ended, and pyspy has heard of it. */
  async function untilHeardOf(): Promise<void> {
    let pid = "";
    while (!pid.endsWith("\n")) {
      await tenths(1);
      if (files().includes("ended")) pid = readFileSync(pathOf("ended"), "utf8");
    }
    while (existsSync(`/proc/${pid.trim()}`)) await tenths(1);
    await tenths(10);
  }

  test("is left at a signal when the program has ended", async () => {
    const program = [spin, "while time.time() < end: pass", say, "raise SystemExit(3)"];
    const pyspy = workplace.start([...toFull, ...python.command, "-c", program.join("\n")]);
    await untilHeardOf();
    expect(pyspy.child.exitCode).toBe(null);
    process.kill(pyspy.pid, "SIGTERM");
    const { code, stderr } = await pyspy.outcome;
    expect(stderr).toContain("pyspy: Could not write all of the profile to standard output");
    expect(code).toBe(3);
  });

  test("does not keep the program from being ended", async () => {
    const program = [
      "import atexit, os, signal, sys",
      "signal.signal(signal.SIGTERM, lambda *_: sys.exit())",
      `atexit.register(lambda: ${say})`,
      "while True: pass",
    ];
    const pyspy = workplace.start([
      ...[...toFull, "-d", "3", "--kill", ...python.command],
      ...["-c", program.join("\n")],
    ]);
    await untilHeardOf();
    expect(pyspy.child.exitCode).toBe(null);
    process.kill(pyspy.pid, "SIGINT");
    expect((await pyspy.outcome).signal).toBe(null);
  });

  test("is left at a signal when the program was left alone", async () => {
    const program = [spin, "while not os.path.exists('end'): pass", "open('ended', 'w')"];
    const pyspy = workplace.start([
      ...[...toFull, "-d", "3", "--detach", ...python.command],
      ...["-c", program.join("\n")],
    ]);
    await pyspy.until(({ stderr }) => stderr.includes("Sampling"));
    while (!pyspy.stderr.includes("any more")) {
      process.kill(pyspy.pid, "SIGUSR1");
      await tenths(5);
    }
    process.kill(pyspy.pid, "SIGTERM");
    // What is left holds the pipes open: it is asked for pyspy's own end.
    expect(await new Promise((resolve) => pyspy.child.once("exit", resolve))).toBe(0);
    expect(files()).not.toContain("ended");
    writeFileSync(pathOf("end"), "");
    await pyspy.outcome;
    expect(files()).toContain("ended");
  });
});

async function tenths(count: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, count * 100));
}
