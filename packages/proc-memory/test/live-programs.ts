import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, vi } from "vitest";
import { type SpawnedProcess, type SpawnOptions, spawn } from "../src/spawn.js";

/** Debian's interpreter, not a shell shim that starts another one. */
export const PYTHON = "/usr/bin/python3";

const started: SpawnedProcess[] = [];
const directories: string[] = [];

afterEach(() => {
  for (const program of started.splice(0)) {
    program.kill("SIGKILL");
    program.wait();
  }
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** Starts a program that does not outlive its test. */
export function start(program: readonly string[], options?: SpawnOptions): SpawnedProcess {
  const process = spawn(program, options);
  started.push(process);
  return process;
}

/** A new directory that does not outlive its test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "proc-memory-"));
  directories.push(directory);
  return directory;
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  const check = (): void => {
    if (!condition()) throw new Error(`It did not come to hold: ${condition}`);
  };
  await vi.waitFor(check, { timeout: 30_000, interval: 5 });
}

/** A Python program that has told something and now waits to be looked at. */
interface Target {
  readonly program: SpawnedProcess;
  /** What it has told. */
  readonly told: number[];
}

/** Starts a Python program that puts numbers into the list `told`, and waits until it has. */
export async function startPython(script: string, ...words: string[]): Promise<Target> {
  const file = join(temporaryDirectory(), "told");
  const tell = "f = open(sys.argv[1] + '.new', 'w'); f.write(' '.join(map(str, told))); f.close()";
  const lines = [
    "import ctypes, mmap, os, signal, sys, threading",
    "told = []",
    script,
    tell,
    "os.rename(sys.argv[1] + '.new', sys.argv[1])",
    "signal.pause()",
  ];
  const program = start([PYTHON, "-c", lines.join("\n"), file, ...words]);
  await until(() => existsSync(file) || program.poll() !== undefined);
  return { program, told: readFileSync(file, "utf8").split(" ").map(Number) };
}
