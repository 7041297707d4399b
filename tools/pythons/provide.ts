import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDirectory } from "./cache-directory.js";
import { unpackDebian, unpackPatchelf } from "./debian-root.js";
import { buildFromSource } from "./free-threaded-build.js";
import { type DebianArchitecture, PrivateApt } from "./private-apt.js";
import { CommandError, runCommand } from "./run-command.js";
import type { WantedPython } from "./wanted-pythons.js";

/** What became of one wanted interpreter. */
export interface Provision {
  readonly name: string;
  readonly seconds: number;
  /** Why it could not be provided; undefined when it was. */
  readonly failure?: string;
}

/**
 * Puts interpreters into the cache, each complete and proven to run, or not at all. A failure of one leaves the
 * others alone. Works in a folder of its own, which it removes, and moves finished interpreters to their place.
 *
 * @param wanted interpreters with a recipe
 * @param tell hears of each when it is done
 */
export function providePythons(wanted: readonly WantedPython[], tell: (provision: Provision) => void): void {
  const cache = cacheDirectory();
  mkdirSync(cache, { recursive: true });
  removeAbandoned(cache);
  const work = mkdtempSync(join(cache, `partial-${process.pid}-`));
  const suites = new Suites(work);
  try {
    for (const one of wanted) {
      const start = performance.now();
      const failure = failureOf(() => provide(one, cache, suites, mkdtempSync(join(work, "python-"))));
      const seconds = Math.round((performance.now() - start) / 100) / 10;
      tell({ name: one.name, seconds, ...(failure === undefined ? {} : { failure }) });
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What a process that was killed could not remove. */
function removeAbandoned(cache: string): void {
  for (const name of readdirSync(cache)) {
    const pid = /^partial-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(cache, name), { recursive: true });
  }
}

/** The lists of each suite, fetched when first needed. */
class Suites {
  readonly #work: string;
  readonly #opened = new Map<string, PrivateApt>();
  #patchelf: string | undefined;

  constructor(work: string) {
    this.#work = work;
  }

  get(suite: string, architecture: DebianArchitecture = "amd64"): PrivateApt {
    const key = `${suite}-${architecture}`;
    const apt = this.#opened.get(key) ?? PrivateApt.open(join(this.#work, "apt"), suite, architecture);
    this.#opened.set(key, apt);
    return apt;
  }

  /** patchelf of the oldest suite used, whose C library every machine has. */
  patchelf(): string {
    this.#patchelf ??= unpackPatchelf(this.get("bullseye"), join(this.#work, "patchelf"));
    return this.#patchelf;
  }
}

function provide({ name, recipe }: WantedPython, cache: string, suites: Suites, work: string): void {
  if (recipe === undefined) throw new CommandError("no suite of Debian has it");
  const root = join(work, "root");
  if (recipe.kind === "source") {
    const home = join(cache, "built", name);
    buildFromSource(recipe, suites.get(recipe.suite), root, home, work);
    moveInto(home, root, join(home, "bin", `python${name}`));
    return;
  }
  const home = join(cache, "debian", name);
  firstThatWorks(recipe.suites, (suite) => {
    rmSync(root, { recursive: true, force: true });
    unpackDebian(recipe, suites.get(suite, recipe.architecture), suites.patchelf(), root, home);
    moveInto(home, root, join(home, "usr/bin", recipe.package));
  });
}

function firstThatWorks(suites: readonly string[], attempt: (suite: string) => void): void {
  const failures: string[] = [];
  for (const suite of suites) {
    const failure = failureOf(() => attempt(suite));
    if (failure === undefined) return;
    failures.push(`${suite}: ${failure}`);
  }
  throw new CommandError(failures.join("; "));
}

/** Moves a finished interpreter to its place, and takes it away again if it does not run there. */
function moveInto(home: string, root: string, executable: string): void {
  mkdirSync(dirname(home), { recursive: true });
  rmSync(home, { recursive: true, force: true });
  renameSync(root, home);
  try {
    runCommand(executable, ["-c", "import sys, ctypes, threading, zlib; print(sys.version)"]);
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

/** The message of the failure, or undefined if there was none. Other errors than of commands are defects. */
function failureOf(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
}
