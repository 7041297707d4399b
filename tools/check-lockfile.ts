/**
 * Fails when package-lock.json leaves out an optional dependency.
 *
 * npm silently leaves out optional packages (the binaries for other systems) that the registry did not serve
 * when the lockfile was written, and `npm ci` then refuses that lockfile on every system. A version
 * whose binaries are all served has to be pinned instead.
 */
import { readFileSync } from "node:fs";

interface LockedPackage {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lockfile = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

const missing = Object.entries(lockfile.packages).flatMap(([location, locked]) =>
  Object.keys(locked.optionalDependencies ?? {})
    .filter((dependency) => !isLocked(location, dependency))
    .map((dependency) => `${location}@${locked.version}: ${dependency} is not in package-lock.json`),
);
for (const line of missing) console.error(line);
process.exitCode = missing.length > 0 ? 1 : 0;

/** Looks where Node would: beside the package, then in every folder above it. */
function isLocked(location: string, dependency: string): boolean {
  for (let base = location; ; base = parentOf(base)) {
    if (lockfile.packages[`${base === "" ? "" : `${base}/`}node_modules/${dependency}`] !== undefined)
      return true;
    if (base === "") return false;
  }
}

function parentOf(location: string): string {
  const end = location.lastIndexOf("/node_modules/");
  return end < 0 ? "" : location.slice(0, end);
}
