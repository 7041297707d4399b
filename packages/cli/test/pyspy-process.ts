import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect } from "vitest";
import { findPythons, type Python } from "../../../tools/testing/pythons.js";
import { recordedSoFar } from "./recorded-so-far.js";

/** The built command, as npm links it. */
export const pyspyPath = fileURLToPath(new URL("../bin/pyspy.js", import.meta.url));

const busyPath = fileURLToPath(new URL("targets/busy.py", import.meta.url));

/**
 * Options for a recording that ends by itself, and has samples on every machine: on a busy one, one of twenty points of the schedule
 * may be all that can be kept.
 */
export const often = ["-r", "1000", "-d", "2"] as const;

/** A stack of `busy.py` at work, collapsed. */
export const atWork = /;work \(\S*busy\.py:\d+\) \d+$/m;

/** How a process ended and what it wrote. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface StartOptions {
  readonly stdin?: "pipe";
  /** Beside what the tests have. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A process of a test, in a session of its own: without a terminal, and easy to end with everything it has started. */
export class TestProcess {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  stdout = "";
  stderr = "";
  #hasEnded = false;
  #wake: () => void = () => {};

  constructor(words: readonly string[], options: StartOptions & { readonly folder: string }) {
    const [program = "", ...parameters] = words;
    const { NO_COLOR: _, ...environment } = process.env;
    this.child = spawn(program, parameters, {
      cwd: options.folder,
      env: { ...environment, TERM: "xterm", ...options.environment },
      stdio: [options.stdin ?? "ignore", "pipe", "pipe"],
      detached: true,
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#wake();
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#wake();
    });
    this.outcome = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", (code, signal) => {
        this.#hasEnded = true;
        this.#wake();
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Waits until something about what was written is so. */
  async until(condition: (process: this) => boolean): Promise<void> {
    while (!condition(this)) {
      if (this.#hasEnded) throw new Error(`it ended before that:\n${this.stdout}\n${this.stderr}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /**
   * Waits until something is so about the profile, collapsed, if it were written now. How long that takes is the machine's
   * affair: on a busy one most points of the schedule are missed.
   */
  async untilRecorded(condition: RegExp | ((stacks: string) => boolean)): Promise<void> {
    const isSo = condition instanceof RegExp ? (stacks: string) => condition.test(stacks) : condition;
    for (;;) {
      const began = performance.now();
      if (isSo(recordedSoFar(this.pid))) return;
      if (this.#hasEnded) throw new Error(`it ended before that:\n${this.stdout}\n${this.stderr}`);
      // A long recording takes long to read, and pyspy needs a processor, too.
      await pause(Math.max(20, 4 * (performance.now() - began)));
    }
  }

  /** Waits for this many more tenths of a second of work of `busy.py`, whose lines are on standard output. */
  async moreTicks(count: number): Promise<void> {
    // What is to be read already may tell of long ago, when this process has waited for a processor.
    await this.#untilTick(ticksIn(this.stdout) + 1);
    await this.#untilTick(ticksIn(this.stdout) + count);
  }

  async #untilTick(number: number): Promise<void> {
    await this.until(() => ticksIn(this.stdout) >= number);
  }

  /** Ends it and everything that it has started. */
  async end(): Promise<void> {
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // All of them have ended already.
    }
    await this.outcome.catch(() => {});
  }
}

/** The numbers of the lines of `busy.py`, which count from 0: none of them is missing. */
export function expectAllTicks(text: string): void {
  const numbers = [...text.matchAll(/^tick (\d+)/gm)].map(([, number]) => Number(number));
  expect(numbers.length).toBeGreaterThan(0);
  expect(numbers).toEqual([...numbers.keys()]);
}

function ticksIn(text: string): number {
  return text.split("tick ").length - 1;
}

/** The folder and the processes of one test, which are gone after it. */
export class Workplace {
  folder = "";
  #processes: TestProcess[] = [];

  constructor() {
    beforeEach(() => {
      this.folder = mkdtempSync(join(tmpdir(), "pyspy-live-"));
    });
    afterEach(async () => {
      await Promise.all(this.#processes.map((process) => process.end()));
      this.#processes = [];
      rmSync(this.folder, { recursive: true });
      rmSync(this.#end, { force: true });
    });
  }

  /** The words that start a `busy.py` which works until {@link letEnd}. */
  busyUntilLet(python: Python, ...options: readonly string[]): readonly string[] {
    return busy(python, "--until", this.#end, ...options);
  }

  letEnd(): void {
    writeFileSync(this.#end, "");
  }

  /** The next one is to work again. */
  takeBack(): void {
    rmSync(this.#end);
  }

  /** What becomes of a pyspy that records {@link busyUntilLet}, which is let end when `seen` was recorded. */
  async sampledAtWork(pyspy: TestProcess, seen = atWork): Promise<Outcome> {
    await pyspy.untilRecorded(seen);
    this.letEnd();
    return pyspy.outcome;
  }

  /** Beside the folder, which has in it what pyspy wrote. */
  get #end(): string {
    return `${this.folder}.end`;
  }

  start(words: readonly string[], options: StartOptions = {}): TestProcess {
    const started = new TestProcess(words, { folder: this.folder, ...options });
    this.#processes.push(started);
    return started;
  }

  /** Starts the built pyspy. */
  pyspy(...argv: readonly string[]): TestProcess {
    return this.start([process.execPath, pyspyPath, ...argv]);
  }
}

/** The words that start `busy.py`. */
export function busy(python: Python, ...options: readonly string[]): readonly string[] {
  return [...python.command, busyPath, ...options];
}

/** Every Python that can be sampled. */
export const pythons = findPythons().filter(
  ({ name, version: { major, minor }, freeThreaded, debug }) =>
    major === 3 && minor >= 8 && minor <= 13 && !freeThreaded && !debug && !name.includes("32-bit"),
);

/** One of them, where one is enough. */
export function anyPython(): Python {
  const [python] = pythons.slice(-1);
  if (!python) throw new Error("There is no CPython 3.8 to 3.13 on this machine");
  return python;
}
