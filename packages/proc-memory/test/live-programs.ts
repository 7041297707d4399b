import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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
export function temporaryDirectory(parent = tmpdir()): string {
  const directory = mkdtempSync(join(parent, "proc-memory-"));
  // Programs of other users are started from there.
  chmodSync(directory, 0o777);
  directories.push(directory);
  return directory;
}

/**
 * Starts a program with the rights of the user nobody, for which we have to be root. `setpriv` still has root's when it
 * executes what it is to start, so that is another starter.
 */
export const AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env"];

/** Compiles a C program of the fixtures and returns its path. */
export function compile(name: string, ...options: string[]): string {
  const program = join(temporaryDirectory(), name);
  const source = fileURLToPath(new URL(`fixtures/${name}.c`, import.meta.url));
  run(["gcc", "-o", program, source, ...options]);
  return program;
}

/** Runs a program to its end and returns what it has said. */
export function run([program = "", ...words]: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${[program, ...words].join(" ")} failed: ${error ?? stderr}`);
  return stdout;
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
  return startPythonAs([], script, ...words);
}

/** The same, started by another program. */
export async function startPythonAs(
  starter: readonly string[],
  script: string,
  ...words: string[]
): Promise<Target> {
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
  const program = start([...starter, PYTHON, "-c", lines.join("\n"), file, ...words]);
  await until(() => existsSync(file) || program.poll() !== undefined);
  return { program, told: readFileSync(file, "utf8").split(" ").map(Number) };
}
