import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "../pythons/cache-directory.js";
import { findPythons, type Python } from "./pythons.js";

/** A Python that can import packages. */
export interface PythonWithPackages {
  readonly python: Python;
  /** The folder of the packages, for `PYTHONPATH`. */
  readonly folder: string;
}

/**
 * An interpreter of a minor version with packages from PyPI, which are installed once, in the cache beside the provided
 * interpreters. Throws if that cannot be done: a test that needs them does not pass without.
 */
export function pythonWithPackages(minor: number, packages: readonly string[]): PythonWithPackages {
  const python = findPythons().find(
    ({ version, source }) =>
      version.major === 3 && version.minor === minor && source !== "debian" && source !== "path",
  );
  if (python === undefined)
    throw new Error(`there is no CPython 3.${minor} of pyenv, uv or conda, which have pip`);
  const cache = join(cacheDirectory(), "packages");
  const folder = join(cache, `${python.name}-${packages.join("-")}`);
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    const partial = mkdtempSync(join(cache, `partial-${process.pid}-`));
    try {
      const pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--target",
        partial,
        ...packages,
      ];
      execFileSync(python.executable, pip, { stdio: ["ignore", "ignore", "inherit"] });
      // Of two that do this at once one is first, and the other's is as good.
      if (!existsSync(folder)) renameSync(partial, folder);
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }
  return { python, folder };
}
