import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import {
  anyPython,
  atWork,
  busy,
  expectAllTicks,
  often,
  pyspyPath,
  pythons,
  Workplace,
} from "./pyspy-process.js";

const workplace = new Workplace();
const profilePath = (): string => join(workplace.folder, "out.txt");
const profile = (): string => readFileSync(profilePath(), "utf8");
const record = ["record", "-f", "raw", "-o", "out.txt"] as const;

/** Stacks of `busy.py` at work, from the module down. */
const workStacks =
  /^<module> \(.*busy\.py:\d+\);main \(.*busy\.py:\d+\);tick \(.*busy\.py:\d+\);work \(.*busy\.py:\d+\) \d+$/m;
const wrote =
  /^pyspy: Wrote out\.txt: \d+ samples? in \d+\.\d s at \d+\.\d\/s, \d+ errors?(, \d+ torn)?(, \d+ missed .*)?$/;

/** Said after that, if the program goes on for a while. */
const waiting = /^pyspy: Waiting for the program to end: .*\n/m;

/** The lines that pyspy wrote, where the last one is about the file. */
function expectWroteIn(stderr: string): void {
  const lines = stderr.replace(waiting, "").trimEnd().split("\n");
  expect(lines).toEqual([
    expect.stringMatching(/^pyspy: Sampling /),
    expect.stringMatching(/^pyspy: A sample took \d/),
    expect.stringMatching(wrote),
  ]);
  expect(readdirSync(workplace.folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
}

test("there is a Python to test with", () => {
  expect(pythons.length).toBeGreaterThan(0);
});

describe.each(pythons)("a program run by Python $name", (python) => {
  test("is sampled from its start to its end", async () => {
    const words = workplace.busyUntilLet(python);
    const { code, stdout, stderr } = await workplace.sampledAtWork(
      workplace.pyspy(...record, "--", ...words),
    );
    expect(stderr).toMatch(
      /^pyspy: Sampling 100 times a second until it ends \(Ctrl-C to stop\): .*busy\.py --until \S+\n/,
    );
    expectWroteIn(stderr);
    expectAllTicks(stdout);
    expect(profile()).toMatch(workStacks);
    expect(code).toBe(0);
  });
});

describe("a program", () => {
  const python = anyPython();

  test("is drawn as a flame graph", async () => {
    const words = workplace.busyUntilLet(python);
    const { code } = await workplace.sampledAtWork(workplace.pyspy("rec", "-o", "a.svg", ...words));
    const svg = readFileSync(join(workplace.folder, "a.svg"), "utf8");
    expect(svg).toMatch(/^<\?xml /);
    expect(svg).toMatch(/<title>work \(.*busy\.py:\d+\) \(\d+ samples?, [\d.]+%\)<\/title>/);
    expect(svg.trimEnd()).toMatch(/<\/svg>$/);
    expect(code).toBe(0);
  });

  test("gets its own options without -- too, and the file gets a default name", async () => {
    const words = busy(python, "--ticks", "5", "--exit", "3");
    const { code } = await workplace.pyspy("r", "-f", "RAW", ...words).outcome;
    expect(code).toBe(3);
    expect(readdirSync(workplace.folder)).toEqual([
      expect.stringMatching(/^python[\d.]*-\d{4}-\d\d-\d\dT\d{6}\.txt$/),
    ]);
  });

  test("keeps its standard streams blocking, although pyspy writes to the same pipe", async () => {
    const { stdout } = await workplace.pyspy(...record, ...busy(python, "--ticks", "12")).outcome;
    expect(stdout).toContain("tick 11 True True\n");
    expect(stdout).not.toContain("False");
  });

  test.each([1, 7, 255])("gives its exit code %i", async (exit) => {
    const { code } = await workplace.pyspy(...record, ...busy(python, "--ticks", "5", "--exit", String(exit)))
      .outcome;
    expect(code).toBe(exit);
  });

  test("that dies of SIGTERM makes pyspy die of it, after the profile is written", async () => {
    const words = workplace.busyUntilLet(python, "--signal", "15");
    expect(await workplace.sampledAtWork(workplace.pyspy(...record, ...words))).toMatchObject({
      code: null,
      signal: "SIGTERM",
    });
    expect(profile()).toMatch(workStacks);
  });

  test("that dies of SIGKILL makes pyspy end with 137", async () => {
    const words = workplace.busyUntilLet(python, "--signal", "9");
    expect(await workplace.sampledAtWork(workplace.pyspy(...record, ...words))).toMatchObject({
      code: 137,
      signal: null,
    });
    expect(profile()).toMatch(workStacks);
  });

  test("goes on when the time is over and the profile is written", async () => {
    const process = workplace.pyspy(...record, ...often, ...workplace.busyUntilLet(python, "--exit", "5"));
    await process.until(({ stderr }) => stderr.includes("Wrote"));
    expect(profile()).toMatch(workStacks);
    await process.moreTicks(2);
    workplace.letEnd();
    const { code, stderr } = await process.outcome;
    expectWroteIn(stderr);
    expect(code).toBe(5);
  });

  test("hears of an interrupt that only pyspy got, and the profile is written", async () => {
    const process = workplace.pyspy(...record, ...busy(python));
    await process.untilRecorded(atWork);
    globalThis.process.kill(process.pid, "SIGINT");
    expect(await process.outcome).toMatchObject({ code: null, signal: "SIGINT" });
    expect(process.stderr).toContain("KeyboardInterrupt");
    expect(process.stderr).toMatch(/^pyspy: Wrote out\.txt: /m);
    expect(profile()).toMatch(workStacks);
  });

  test("that survives interrupts is waited for", async () => {
    const words = workplace.busyUntilLet(python, "--count-interrupts");
    const process = workplace.pyspy(...record, ...words);
    await process.untilRecorded(atWork);
    globalThis.process.kill(process.pid, "SIGINT");
    await process.until(({ stderr }) => stderr.includes("Wrote"));
    await process.moreTicks(2);
    globalThis.process.kill(process.pid, "SIGINT");
    await process.moreTicks(2);
    workplace.letEnd();
    const { code, stderr } = await process.outcome;
    expectWroteIn(stderr);
    expect(code).toBe(12);
  });

  test.each(["SIGTERM", "SIGHUP"] as const)(
    "is ended by a %s to pyspy, and the profile is written",
    async (signal) => {
      const process = workplace.pyspy(...record, ...busy(python));
      await process.untilRecorded(atWork);
      globalThis.process.kill(process.pid, signal);
      expect(await process.outcome).toMatchObject({ code: null, signal });
      expectWroteIn(process.stderr);
      expect(profile()).toMatch(workStacks);
    },
  );

  test("that only sleeps is shown with --idle", async () => {
    const words = workplace.busyUntilLet(python, "--idle");
    const pyspy = workplace.pyspy(...record, "--idle", ...words);
    await pyspy.untilRecorded(/;tick \(\S*busy\.py:\d+\) \d+$/m);
    workplace.letEnd();
    await pyspy.outcome;
    expect(profile()).toMatch(/;tick \(.*busy\.py:\d+\) \d+$/m);
  });
});

describe("a program in which no Python shows", () => {
  test.each([
    ["the time is over", ["-d", "0.5"], "no Python was found in it in the time to sample it"],
    ["a signal comes", [], "sampling was stopped before a Python was found in it"],
  ])("leaves an older profile as it is when %s, and is waited for", async (_, options, reason) => {
    writeFileSync(profilePath(), "older");
    const script = "echo begun; until [ -e end ]; do sleep 0.1; done; exit 3";
    const pyspy = workplace.pyspy(...record, ...options, "--", "sh", "-c", script);
    await pyspy.until(({ stdout }) => stdout.includes("begun"));
    if (options.length === 0) {
      await pyspy.until(({ stderr }) => stderr.includes("No Python yet, waiting for one: sh -c"));
      process.kill(pyspy.pid, "SIGTERM");
    } else {
      await pyspy.until(({ stderr }) => stderr.includes("Waiting for the program to end: sh -c"));
      writeFileSync(join(workplace.folder, "end"), "");
    }
    const { stderr, code, signal } = await pyspy.outcome;
    expect(stderr).toContain(`pyspy: Cannot sample sh: ${reason}`);
    expect([code, signal]).toEqual(options.length === 0 ? [null, "SIGTERM"] : [3, null]);
    expect(profile()).toBe("older");
  });
});

describe("a running process", () => {
  const python = anyPython();

  test("is sampled for a time, and goes on", async () => {
    const target = workplace.start(busy(python));
    await target.moreTicks(1);
    const pid = `0x${target.pid.toString(16)}`;
    const { code, stdout, stderr } = await workplace.pyspy(...record, ...often, "-p", pid).outcome;
    expect(stderr).toMatch(
      new RegExp(
        `^pyspy: Sampling 1000 times a second for 2 s \\(Ctrl-C to stop\\): process ${target.pid} \\(Python 3\\.\\d+\\.\\d+\\S*\\)\n`,
      ),
    );
    expectWroteIn(stderr);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(profile()).toMatch(workStacks);
    await target.moreTicks(1);
  });

  test("is sampled until it ends", async () => {
    const target = workplace.start(workplace.busyUntilLet(python));
    await target.moreTicks(1);
    const pyspy = workplace.pyspy(...record, "-p", String(target.pid));
    const { code, stderr } = await workplace.sampledAtWork(pyspy);
    expectWroteIn(stderr);
    expect(code).toBe(0);
    expect(profile()).toMatch(workStacks);
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("is left at %s with what there is", async (signal) => {
    const target = workplace.start(busy(python));
    await target.moreTicks(1);
    const pyspy = workplace.pyspy(...record, "-p", String(target.pid));
    await pyspy.untilRecorded(atWork);
    process.kill(pyspy.pid, signal);
    const { code, stderr } = await pyspy.outcome;
    expectWroteIn(stderr);
    expect(code).toBe(0);
    expect(profile()).toMatch(workStacks);
    await target.moreTicks(1);
  });

  test("that only sleeps leaves an empty flame graph and an explanation", async () => {
    const sleep = "import time; print('ready', flush=True); time.sleep(60)";
    const target = workplace.start([...python.command, "-c", sleep]);
    await target.until(({ stdout }) => stdout.includes("ready"));
    await vi.waitFor(() => expect(readFileSync(`/proc/${target.pid}/stat`, "utf8")).toMatch(/\) S /), {
      timeout: 30_000,
    });
    const pid = String(target.pid);
    const { code, stderr } = await workplace.pyspy("record", "-o", "a.svg", ...often, "-p", pid).outcome;
    const [, reason, last] = stderr.split("\n");
    expect(reason).toMatch(/^pyspy: Nothing to show: every thread was idle in all \d+ samples; use --idle/);
    expect(last).toMatch(/^pyspy: Wrote a\.svg: 0 samples in ([2-9]|\d\d)\.\d s at /);
    expect(readFileSync(join(workplace.folder, "a.svg"), "utf8")).toContain("</svg>");
    expect(code).toBe(0);
  });

  test("is written to standard output, also if nobody reads it to the end", async () => {
    const target = workplace.start(busy(python));
    await target.moreTicks(1);
    const argv = ["record", "-f", "raw", "-o", "-", ...often, "-p", String(target.pid)];
    const { code, stdout, stderr } = await workplace.pyspy(...argv).outcome;
    expect(stdout).toMatch(workStacks);
    expect(stderr).toContain("pyspy: Wrote the profile to standard output: ");
    expect(code).toBe(0);
    const pipe = `{ "$@"; echo "code $?" >&2; } | true`;
    const words = ["sh", "-c", pipe, "sh", process.execPath, pyspyPath, ...argv];
    const closed = (await workplace.start(words).outcome).stderr;
    expect(closed).toMatch(
      /^pyspy: Could not write all of the profile to standard output: nobody reads it any more$/m,
    );
    expect(closed).toMatch(/^code 0$/m);
    const full = ["sh", "-c", `exec "$@" >/dev/full`, "sh", process.execPath, pyspyPath];
    for (const options of [argv, ["--help"], ["--version"]]) {
      expect(await workplace.start([...full, ...options]).outcome).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^pyspy: Cannot write to standard output: the disk is full$/m),
      });
    }
  });

  test("replaces the older profile only when there is a new one", async () => {
    writeFileSync(profilePath(), "older");
    const target = workplace.start(busy(python));
    await target.moreTicks(1);
    const pyspy = workplace.pyspy(...record, "-p", String(target.pid));
    await pyspy.until(({ stderr }) => stderr.includes("Sampling"));
    await target.moreTicks(5);
    expect(profile()).toBe("older");
    process.kill(pyspy.pid, "SIGKILL");
    await pyspy.outcome;
    expect(profile()).toBe("older");
    expect(readdirSync(workplace.folder)).toEqual(["out.txt"]);
    expect(existsSync(`/proc/${target.pid}`)).toBe(true);
  });
});
