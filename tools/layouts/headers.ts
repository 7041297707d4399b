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
  /** The processor that the build is for. */
  readonly architecture: Architecture;
  /** What `pyconfig.h` says is of another processor, and must be read as if it were of this one. */
  readonly foreign: boolean;
}

export type Architecture = "x86_64" | "i386";

/** The name of a build in the tables: `3.14.10`, `3.14.10t`, `3.11.7-i386`. */
export function buildName({ version, freeThreaded, architecture }: PythonHeaders): string {
  return `${version}${freeThreaded ? "t" : ""}${architecture === "i386" ? "-i386" : ""}`;
}

/**
 * The headers of every CPython on this machine, once for each kind of build, because the same headers serve several:
 * those of 3.13 and later with and without the GIL, those of older versions for 64 and for 32 bits. A version that is
 * installed twice is there twice.
 */
export function findHeaders(): readonly PythonHeaders[] {
  const prefixes = new Map(
    findPythons()
      .filter(({ debug }) => !debug)
      .map(
        ({ executable, bits }) => [dirname(dirname(executable)), bits === 32 ? "i386" : "x86_64"] as const,
      ),
  );
  return [...prefixes].flatMap(([prefix, architecture]) =>
    headerFolders(join(prefix, "include")).flatMap((folder) => kindsOfBuild(folder, architecture)),
  );
}

function headerFolders(include: string): readonly string[] {
  if (!existsSync(include)) return [];
  return readdirSync(include)
    .filter((name) => /^python\d\.\d+[mt]?$/.test(name))
    .map((name) => join(include, name))
    .filter((folder) => existsSync(join(folder, "Python.h")));
}

function kindsOfBuild(folder: string, architecture: Architecture): readonly PythonHeaders[] {
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
  const own = { version, folders, freeThreaded: false, architecture, foreign: false };
  // The pyconfig.h of a free-threaded build says so by itself.
  const always = /^\s*#define Py_GIL_DISABLED 1/m.test(readFileSync(join(folder, "pyconfig.h"), "utf8"));
  if (always) return [{ ...own, freeThreaded: true }];
  if (architecture === "i386") return [own];
  // Later versions describe themselves, and no 32-bit build of them was seen.
  if (major === 3 && minor >= 13) return [own, { ...own, freeThreaded: true }];
  return [own, { ...own, architecture: "i386", foreign: true }];
}
