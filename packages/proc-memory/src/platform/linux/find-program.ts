import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";
import { ProcessError } from "../../process-error.js";
import { isDenied } from "./system-error.js";

/** What `execvp` searches when there is no PATH (`confstr(_CS_PATH)` of glibc). */
const DEFAULT_PATH = "/bin:/usr/bin";

/**
 * The path to give to `exec` for a program: as it is when it has a slash, else the first executable of that name in
 * `searchPath`. Relative ones count from `workingDirectory`. Throws {@link ProcessError} `program-not-found` or
 * `program-not-executable`.
 */
export function findProgram(
  program: string,
  searchPath: string | undefined,
  workingDirectory: string,
): string {
  const candidates = program.includes("/")
    ? [program]
    : (searchPath ?? DEFAULT_PATH).split(":").map((directory) => `${directory || "."}/${program}`);
  let obstacle: string | undefined;
  for (const candidate of program === "" ? [] : candidates) {
    const found = obstacleTo(resolve(workingDirectory, candidate));
    if (found === undefined) return candidate;
    if (found !== "it does not exist") obstacle ??= found;
  }
  if (obstacle !== undefined) throw notExecutable(program, obstacle);
  const reason = program.includes("/") ? "it does not exist" : "it is not in PATH";
  throw new ProcessError("program-not-found", `Cannot start ${program || '""'}: ${reason}`, { program });
}

/** The error for a program that exists but cannot be run. */
export function notExecutable(program: string, reason: string): ProcessError {
  return new ProcessError("program-not-executable", `Cannot start ${program}: ${reason}`, { program });
}

function obstacleTo(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return "it is not a file";
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    return isDenied(error) ? "this user may not execute it" : "it does not exist";
  }
}
