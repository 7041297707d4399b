import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "./cache-directory.js";
import { type Candidate, type PythonSource, pythonCandidates } from "./candidates.js";

/** A CPython of this machine, as it describes itself. */
export interface Python {
  /** For people and test names, and different for each: `3.11.7`, `3.13.5t`, `3.9.2 (debug)`, `3.11.2 (32-bit)`. */
  readonly name: string;
  /** The words that start it. */
  readonly command: readonly string[];
  /** Real path. */
  readonly executable: string;
  readonly version: PythonVersion;
  /** Built with `--disable-gil`. */
  readonly freeThreaded: boolean;
  /** Built with `--with-pydebug`. */
  readonly debug: boolean;
  /** The interpreter is in a `libpython.so`, not in the executable. */
  readonly shared: boolean;
  readonly bits: 32 | 64;
  readonly source: PythonSource;
}

/** `sys.version_info` */
export interface PythonVersion {
  readonly major: number;
  readonly minor: number;
  readonly micro: number;
  /** "" for a final release; "a1", "b4", "rc2" otherwise. */
  readonly release: string;
}

/** What an interpreter answered about itself; null when it is not CPython. */
type Answer = Pick<Python, "version" | "freeThreaded" | "debug" | "shared" | "bits"> | null;

/**
 * Finds every CPython on this machine: on PATH, of pyenv, uv and conda, and those that `--provide` fetched. Each
 * interpreter is run once and its answer kept until the file changes, so that a call costs a few milliseconds.
 * Interpreters that do not run and those that are not CPython are left out.
 *
 * @example
 * test.each(findPythons())("reads the stack of $name", (python) => { spawn(python.command[0], …) });
 */
export function findPythons(): readonly Python[] {
  const answers = new AnswerFile(join(cacheDirectory(), "answers.json"));
  const pythons = pythonCandidates().flatMap((candidate) => {
    const answer = answers.of(candidate);
    return answer ? [describe(candidate, answer)] : [];
  });
  answers.save();
  return distinguish(pythons.sort(byVersion));
}

/** Asks interpreters about themselves, and remembers across processes what each file answered. */
class AnswerFile {
  readonly #path: string;
  readonly #known: Record<string, Answer>;
  readonly #current: Record<string, Answer> = {};

  constructor(path: string) {
    this.#path = path;
    this.#known = readJson(path);
  }

  of({ executable }: Candidate): Answer {
    const { mtimeMs, size } = statSync(executable);
    const key = `${executable} ${mtimeMs} ${size}`;
    const answer = key in this.#known ? this.#known[key] : ask(executable);
    if (answer === undefined) return null;
    this.#current[key] = answer;
    return answer;
  }

  save(): void {
    const text = JSON.stringify(this.#current, undefined, 1);
    if (text === JSON.stringify(this.#known, undefined, 1)) return;
    try {
      mkdirSync(join(this.#path, ".."), { recursive: true });
      const partial = `${this.#path}.${process.pid}`;
      writeFileSync(partial, text);
      renameSync(partial, this.#path);
    } catch {
      // A cache that cannot be written costs time, nothing else.
    }
  }
}

function readJson(path: string): Record<string, Answer> {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return {};
  }
}

/**
 * Understood by every Python since 2.3. The maps say where the interpreter is: `Py_ENABLE_SHARED` is true for
 * Debian's static executables too, whose `sysconfig` comes from the shared build.
 */
const question = `
import sys
cpython = not hasattr(sys, 'pypy_version_info')
if hasattr(sys, 'implementation'):
    cpython = sys.implementation.name == 'cpython'
try:
    shared = open('/proc/self/maps').read().find('libpython') >= 0
except IOError:
    shared = False
wide = getattr(sys, 'maxsize', None) or sys.maxint
answers = (cpython,) + tuple(sys.version_info)[:5] + (
    getattr(sys, 'abiflags', '').find('t') >= 0, hasattr(sys, 'gettotalrefcount'), shared, wide > 2 ** 31)
print('%d %d %d %d %s %d %d %d %d %d' % answers)
`;

/** What the file at this path says it is, or undefined if it does not run. */
function ask(executable: string): Answer | undefined {
  let output: string;
  try {
    output = execFileSync(executable, ["-E", "-S", "-c", question], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 30_000,
    });
  } catch {
    return undefined;
  }
  const line = /^([01]) (\d+) (\d+) (\d+) (\w+) (\d+) ([01]) ([01]) ([01]) ([01])$/m.exec(output);
  if (!line) return undefined;
  const [, cpython, major, minor, micro, level = "", serial, freeThreaded, debug, shared, wide] = line;
  if (cpython === "0") return null;
  const levels: Record<string, string> = { alpha: "a", beta: "b", candidate: "rc" };
  return {
    version: {
      major: Number(major),
      minor: Number(minor),
      micro: Number(micro),
      release: level in levels ? `${levels[level]}${serial}` : "",
    },
    freeThreaded: freeThreaded === "1",
    debug: debug === "1",
    shared: shared === "1",
    bits: wide === "1" ? 64 : 32,
  };
}

function describe({ executable, source }: Candidate, answer: NonNullable<Answer>): Python {
  const { major, minor, micro, release } = answer.version;
  const kinds = [answer.bits === 32 ? "32-bit" : "", answer.debug ? "debug" : ""].filter(
    (kind) => kind !== "",
  );
  const version = `${major}.${minor}.${micro}${release}${answer.freeThreaded ? "t" : ""}`;
  const name = kinds.length === 0 ? version : `${version} (${kinds.join(", ")})`;
  return { name, command: [executable], executable, ...answer, source };
}

function byVersion(a: Python, b: Python): number {
  const { version: left } = a;
  const { version: right } = b;
  return (
    left.major - right.major ||
    left.minor - right.minor ||
    left.micro - right.micro ||
    a.name.localeCompare(b.name) ||
    a.executable.localeCompare(b.executable)
  );
}

/** Gives the second and third interpreter of one name a name of its own. */
function distinguish(pythons: readonly Python[]): readonly Python[] {
  const used = new Set<string>();
  return pythons.map((python) => {
    const names = [python.name, `${python.name} (${python.source})`, `${python.name} (${python.executable})`];
    const name = names.find((candidate) => !used.has(candidate)) ?? python.executable;
    used.add(name);
    return { ...python, name };
  });
}
