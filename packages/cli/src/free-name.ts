import { closeSync, openSync, renameSync, unlinkSync } from "node:fs";
import { withSuffix } from "./output-name.js";

/**
 * Renames `file` to `path`, or to the first of `today-2.svg`, `today-3.svg`, … that does not exist: a file that nobody named must
 * not replace another one, nor that of a pyspy which ends at the same time. What `node:fs` throws comes through.
 *
 * @returns the name that it has now
 */
export function renameToFree(file: string, path: string, extension: string): string {
  for (const candidate of candidates(path, extension)) {
    // From here to the rename the name is ours. It could not be taken earlier without leaving an empty file where pyspy is killed.
    if (!create(candidate)) continue;
    try {
      renameSync(file, candidate);
    } catch (error) {
      unlinkSync(candidate);
      throw error;
    }
    return candidate;
  }
  throw new Error(`There are ${mostNumbers} files like ${path}`);
}

/** False if there is one. */
function create(path: string): boolean {
  try {
    closeSync(openSync(path, "wx"));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function* candidates(path: string, extension: string): Generator<string> {
  yield path;
  for (let number = 2; number <= mostNumbers; number++) yield withSuffix(path, extension, `-${number}`);
}

const mostNumbers = 100_000;
