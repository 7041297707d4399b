import { closeSync, existsSync, lstatSync, openSync, unlinkSync } from "node:fs";
import { withSuffix } from "./output-file.js";

/** A name that nobody gave, which is this process's alone until it is disposed of. */
export interface ReservedName extends Disposable {
  readonly path: string;
}

/** `path`, or the first of `today-2.svg`, `today-3.svg`, … that does not exist. */
export function freePath(path: string, extension: string): string {
  for (const candidate of candidates(path, extension)) if (!existsSync(candidate)) return candidate;
  return path;
}

/**
 * As {@link freePath}, and makes an empty file of this name: others that look for a name at the same time get another one.
 * What is still empty in the end is removed. Where no file can be made, `path` comes back: whoever writes it says why.
 */
export function reservePath(path: string, extension: string): ReservedName {
  for (const candidate of candidates(path, extension)) {
    try {
      closeSync(openSync(candidate, "wx"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
      break;
    }
    const { ino } = lstatSync(candidate, { bigint: true });
    return { path: candidate, [Symbol.dispose]: () => removeEmpty(candidate, ino) };
  }
  return { path, [Symbol.dispose]: () => {} };
}

function* candidates(path: string, extension: string): Generator<string> {
  yield path;
  for (let number = 2; number <= mostNumbers; number++) yield withSuffix(path, extension, `-${number}`);
}

const mostNumbers = 100_000;

/** A profile is renamed to its name, and so has another inode. */
function removeEmpty(path: string, reserved: bigint): void {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats?.ino !== reserved || stats.size !== 0n) return;
  try {
    unlinkSync(path);
  } catch {
    // Its folder was closed to us meanwhile; it is empty.
  }
}
