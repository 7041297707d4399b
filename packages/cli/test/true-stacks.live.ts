import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { findPythons } from "../../../tools/testing/pythons.js";
import { ReadableInstallation } from "../../../tools/testing/readable-installation.js";
import { Target } from "../../../tools/testing/target.js";

const pyspy = [process.execPath, fileURLToPath(new URL("../bin/pyspy.js", import.meta.url))];
const targets = fileURLToPath(new URL("./targets", import.meta.url));

describe.each(findPythons())("CPython $name", (python) => {
  test("with --idle the stacks are those that Python itself tells", async () => {
    await using target = Target.start([...python.command, join(targets, "known_stacks.py")]);
    const told = (JSON.parse(await target.line()) as Stack[]).map(collapsed);
    const output = run([
      ...pyspy,
      "record",
      "-p",
      String(target.pid),
      "-i",
      "-f",
      "raw",
      "-r",
      "1000",
      "-d",
      "1",
      "-o",
      "-",
    ]);
    expect(told).toHaveLength(7);
    expect(othersThan("say", stacksOf(output))).toEqual(new Set(told));
  });

  test("names that are no text are shown as Python writes them", async () => {
    await using target = Target.start([...python.command, join(targets, "odd_names.py")]);
    await target.line();
    const options = ["-p", String(target.pid), "-i", "-f", "raw", "-r", "1000", "-d", "1", "-o", "-"];
    const escaped = python.version.major === 2 ? "\\xe9" : "\\udce9";
    expect(run([...pyspy, "record", ...options])).toContain(`;na${escaped}me (caf${escaped}.py:2);hold (`);
  });

  test("functions that are busy in turn come out with their true shares", () => {
    expectTrueShares(recordShares(pyspy, python.command, join(targets, "known_shares.py")));
  });
});

test("an unprivileged user can sample a program of their own", () => {
  using installation = new ReadableInstallation();
  const program = join(installation.folder, "known_shares.py");
  copyFileSync(join(targets, "known_shares.py"), program);
  chmodSync(program, 0o644);
  const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", process.execPath];
  expectTrueShares(recordShares([...nobody, installation.command], ["/usr/bin/python3"], program));
});

/** Outermost frame first. */
type Stack = readonly (readonly [name: string, file: string, line: number])[];
const busy = ["busy_a", "busy_b", "busy_c"] as const;
type PerFunction = Record<(typeof busy)[number], number>;

/** What recordings of a program of known shares say, and what the program says. */
interface Shares {
  readonly samples: PerFunction;
  /** Points of the schedule that were missed. */
  readonly missed: number;
  /** Seconds in each function, by its own account. */
  readonly seconds: PerFunction;
}

const SECONDS_OF_A_RECORDING = 5;
const ENOUGH_SAMPLES = 5000;
/** After so long, what there is has to do: bounds are wider then. */
const LONGEST_MILLISECONDS = 60_000;
/** A machine on which not even so many independent ones are to be had cannot tell anything. */
const FEWEST_INDEPENDENT = 500;
/** Points of the schedule in the longest turn of a function. */
const LONGEST_TURN = 6;

/** Records at 1 kHz, again and again until there are samples enough: a busy machine misses points of the schedule. */
function recordShares(command: readonly string[], python: readonly string[], program: string): Shares {
  const samples = { busy_a: 0, busy_b: 0, busy_c: 0 };
  const seconds = { busy_a: 0, busy_b: 0, busy_c: 0 };
  let missed = 0;
  const end = performance.now() + LONGEST_MILLISECONDS;
  while (sumOf(samples) < ENOUGH_SAMPLES && performance.now() < end) {
    const options = ["-f", "raw", "-r", "1000", "-o", "-"];
    const { stdout, stderr } = spawn([
      ...command,
      "record",
      ...options,
      "--",
      ...python,
      program,
      String(SECONDS_OF_A_RECORDING),
    ]);
    missed += Number(/, (\d+) missed/.exec(stderr)?.[1] ?? 0);
    // The program's own line comes first: pyspy writes when it has ended.
    const [own = "", ...stacks] = stdout.trim().split("\n");
    const told = JSON.parse(own) as PerFunction;
    for (const name of busy) {
      seconds[name] += told[name];
      samples[name] += countIn(stacks, name);
    }
  }
  return { samples, missed, seconds };
}

/**
 * Within five standard deviations of a sample of that size, of which one in 1,700,000 is outside by chance. Points are missed
 * in runs, while other programs have the processors: those of a run would have told of one function, as many as it has in a turn.
 * Those that are left tell as much as fewer that are spread evenly.
 */
function expectTrueShares({ samples, missed, seconds }: Shares): void {
  const count = sumOf(samples);
  const spread = count / (1 + (LONGEST_TURN * missed) / count);
  expect(spread, `${count} samples, ${missed} missed`).toBeGreaterThanOrEqual(FEWEST_INDEPENDENT);
  for (const name of busy) {
    const share = seconds[name] / sumOf(seconds);
    const deviation = Math.sqrt((share * (1 - share)) / spread);
    expect(
      Math.abs(samples[name] / count - share),
      `${name} in ${count} samples, ${missed} missed`,
    ).toBeLessThan(5 * deviation);
  }
}

function sumOf(numbers: PerFunction): number {
  return busy.reduce((sum, name) => sum + numbers[name], 0);
}

/** Samples of stacks that end in the function. */
function countIn(stacks: readonly string[], name: string): number {
  const matches = stacks.map((line) => new RegExp(`;${name} \\([^;]*\\) (\\d+)$`).exec(line));
  return matches.reduce((sum, match) => sum + Number(match?.[1] ?? 0), 0);
}

function collapsed(stack: Stack): string {
  return stack.map(([name, file, line]) => `${name} (${basename(file)}:${line})`).join(";");
}

function stacksOf(output: string): readonly string[] {
  return output
    .trim()
    .split("\n")
    .map((line) => line.slice(0, line.lastIndexOf(" ")));
}

function othersThan(name: string, stacks: readonly string[]): ReadonlySet<string> {
  return new Set(stacks.filter((stack) => !stack.includes(`;${name} (`)));
}

function spawn([program = "", ...parameters]: readonly string[]): { stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(program, parameters, { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  return { stdout, stderr };
}

function run([program = "", ...parameters]: readonly string[]): string {
  return execFileSync(program, parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}
