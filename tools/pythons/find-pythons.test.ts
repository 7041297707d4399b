import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findPythons } from "./find-pythons.js";
import { isWanted, wantedPythons } from "./wanted-pythons.js";

describe("the interpreters of this machine", () => {
  const pythons = findPythons();

  test.each(pythons)(
    "are what they say when they are asked again: $name",
    ({ command, name, version, bits }) => {
      const [program = "", ...words] = command;
      const question =
        "import sys, struct; print('%d.%d.%d %d' % (sys.version_info[:3] + (struct.calcsize('P') * 8,)))";
      const answer = execFileSync(program, [...words, "-c", question], { encoding: "utf8" }).trim();
      expect(answer).toBe(`${version.major}.${version.minor}.${version.micro} ${bits}`);
      expect(name.startsWith(`${version.major}.${version.minor}.${version.micro}`)).toBe(true);
    },
  );

  test("have names and executables of their own", () => {
    expect(new Set(pythons.map(({ name }) => name)).size).toBe(pythons.length);
    expect(new Set(pythons.map(({ executable }) => executable)).size).toBe(pythons.length);
  });

  test("are of one wanted kind at most, apart from being required as well", () => {
    for (const python of pythons) {
      const kinds = wantedPythons.filter((wanted) => wanted.shared !== undefined && isWanted(wanted, python));
      expect(kinds.length).toBeLessThanOrEqual(1);
    }
  });
});

describe("a machine with", () => {
  let machine: string;

  beforeEach(() => {
    machine = mkdtempSync(join(tmpdir(), "pyspy-pythons-"));
    vi.stubEnv("PATH", `${join(machine, "bin")}:${join(machine, "shims")}:/usr/bin:/bin`);
    vi.stubEnv("PYENV_ROOT", join(machine, "pyenv"));
    vi.stubEnv("XDG_CACHE_HOME", join(machine, "cache"));
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(machine, { recursive: true });
  });

  /** An interpreter that answers with this line, and keeps count of how often it was run. */
  function install(path: string, answer: string): string {
    const executable = join(machine, path);
    mkdirSync(dirname(executable), { recursive: true });
    writeFileSync(executable, `#!/bin/sh\necho run >> "$0.runs"\necho "${answer}"\n`);
    chmodSync(executable, 0o755);
    return executable;
  }

  function found() {
    return findPythons().filter(({ executable }) => executable.startsWith(machine));
  }

  const cpython = "1 3 16 0 beta 2 1 0 1 1";

  test("an interpreter on PATH and of pyenv tells everything about both", () => {
    const onPath = install("bin/python3", cpython);
    const ofPyenv = install("pyenv/versions/2.7/bin/python2.7", "1 2 7 18 final 0 0 1 0 0");
    expect(found()).toEqual([
      {
        ...{ name: "2.7.18 (32-bit, debug)", command: [ofPyenv], executable: ofPyenv, source: "pyenv" },
        ...{ freeThreaded: false, debug: true, shared: false, bits: 32 },
        version: { major: 2, minor: 7, micro: 18, release: "" },
      },
      {
        ...{ name: "3.16.0b2t", command: [onPath], executable: onPath, source: "path" },
        ...{ freeThreaded: true, debug: false, shared: true, bits: 64 },
        version: { major: 3, minor: 16, micro: 0, release: "b2" },
      },
    ]);
  });

  test("links to one interpreter has it once", () => {
    const executable = install("bin/python3.16", cpython);
    symlinkSync(executable, join(machine, "bin/python3"));
    expect(found().map((python) => python.executable)).toEqual([executable]);
  });

  test("two interpreters of one version gives them different names", () => {
    install("bin/python3", cpython);
    install("pyenv/versions/3.16/bin/python3", cpython);
    expect(found().map(({ name }) => name)).toEqual(["3.16.0b2t", "3.16.0b2t (pyenv)"]);
  });

  test("an interpreter that was asked before does not run it again until it changes", () => {
    const executable = install("bin/python3", cpython);
    found();
    found();
    expect(readFileSync(`${executable}.runs`, "utf8")).toBe("run\n");
    install("bin/python3", "1 3 16 10 final 0 1 0 1 1");
    expect(found().map(({ name }) => name)).toEqual(["3.16.10t"]);
  });

  test("PyPy, a shim, and programs that fail or say something else has no CPython", () => {
    install("bin/python3.9", "0 3 9 18 final 0 0 0 1 1");
    install("shims/python3.10", cpython);
    install("bin/python3.11", "Python 3.11.2");
    writeFileSync(join(machine, "bin/python3.12"), "not a program", { mode: 0o755 });
    expect(found()).toEqual([]);
  });
});
