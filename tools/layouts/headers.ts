import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findPythons } from "../pythons/find-pythons.js";

/** The headers of one installed CPython, read for one kind of build. */
export interface PythonHeaders {
  /** `3.14.10`, from `patchlevel.h`. */
  readonly version: string;
  /** Folders for the compiler to look in, in order. */
  readonly folders: readonly string[];
  /** Read as by a compiler that builds with `--disable-gil`. */
  readonly freeThreaded: boolean;
}

/** The name of a build in the tables: `3.14.10`, `3.14.10t`. */
export function buildName({ version, freeThreaded }: PythonHeaders): string {
  return `${version}${freeThreaded ? "t" : ""}`;
}

/**
 * The headers of every 64-bit CPython on this machine, those of 3.13 and later once for each kind of build: the
 * same headers serve both. A version that is installed twice is there twice.
 */
export function findHeaders(): readonly PythonHeaders[] {
  const prefixes = new Set(
    findPythons()
      .filter(({ bits, debug }) => bits === 64 && !debug)
      .map(({ executable }) => dirname(dirname(executable))),
  );
  return [...prefixes].flatMap((prefix) => headerFolders(join(prefix, "include"))).flatMap(kindsOfBuild);
}

function headerFolders(include: string): readonly string[] {
  if (!existsSync(include)) return [];
  return readdirSync(include)
    .filter((name) => /^python\d\.\d+[mt]?$/.test(name))
    .map((name) => join(include, name))
    .filter((folder) => existsSync(join(folder, "Python.h")));
}

function kindsOfBuild(folder: string): readonly PythonHeaders[] {
  const patchlevel = readFileSync(join(folder, "patchlevel.h"), "utf8");
  const version = /define PY_VERSION\s+"([^"+]+)/.exec(patchlevel)?.[1];
  if (version === undefined) throw new Error(`Cannot find the version of the headers in ${folder}`);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const folders = [
    folder,
    join(folder, "internal"), // after the public one: 3.7 has a pystate.h in each
    join(folder, "internal/mimalloc"),
    dirname(folder), // Debian's pyconfig.h includes that of the architecture by a path from here
  ];
  // The pyconfig.h of a free-threaded build says so by itself.
  const always = /^\s*#define Py_GIL_DISABLED 1/m.test(readFileSync(join(folder, "pyconfig.h"), "utf8"));
  if (always) return [{ version, folders, freeThreaded: true }];
  const both = major === 3 && minor >= 13;
  return [false, ...(both ? [true] : [])].map((freeThreaded) => ({ version, folders, freeThreaded }));
}
