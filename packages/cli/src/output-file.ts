import { randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  openSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { CommandError } from "./command-error.js";
import { renameToFree } from "./free-name.js";
import { writeOutput } from "./standard-output.js";
import { systemReasonOf } from "./system-reason.js";
import { isTerminal } from "./terminal/is-terminal.js";
import { writeFully } from "./terminal/write-fully.js";

/** Where a profile goes. */
export interface OutputFile {
  /** What is written, for a message: the path. That of a file that nobody named is known when it is written. */
  readonly name: string;
  /** Where a file can be kept until then, or becomes the output by being renamed. */
  readonly folder: string;
  /** The file that it will be, if it is one. */
  readonly target: OutputTarget | undefined;
  /**
   * Writes all pieces or, to a file, none.
   *
   * @returns false if it is standard output and nobody reads it any more
   * @throws {CommandError} `output`; what making the pieces throws comes through
   */
  write(pieces: Pieces): boolean;
}

/** A file that does not have its name yet. */
export interface OutputTarget {
  /** Permissions of the file that would be replaced, if there is one. */
  readonly mode: number | undefined;
  /**
   * Makes `file`, which is in {@link OutputFile.folder}, the output. What `node:fs` throws comes through.
   *
   * @returns its path
   */
  take(file: string): string;
}

/** A file in the order of its parts, which are made while they are written. */
export type Pieces = Iterable<string | Uint8Array>;

/**
 * Finds out, before anything costs time, whether a profile can be written to this path; `-` is standard output.
 *
 * @param isText whether what will be written is text
 * @param unnamed the extension of a name that nobody gave: if there is such a file when this one is written, it gets another name
 * @throws {CommandError} `output`, if the folder is missing or closed to us, the path is a folder, or bytes would go to a terminal
 */
export function openOutput(path: string, isText: boolean, unnamed?: string): OutputFile {
  if (path === "-") {
    if (!isText && isTerminal(1)) {
      throw new CommandError(
        "output",
        "Cannot write this format to a terminal: it is not text; name a file with --output",
      );
    }
    return {
      name: "the profile to standard output",
      folder: tmpdir(),
      target: undefined,
      write: (pieces) => everyPiece(pieces, writeOutput),
    };
  }
  const found = statsOf(path);
  const existing = unnamed === undefined ? found : undefined;
  if (existing?.isDirectory()) throw unusable(path, "it is a folder");
  if (existing) {
    if (!allows(path, constants.W_OK)) throw unusable(path, "it is write-protected");
    // A device or a pipe is not a file that could be replaced.
    if (!existing.isFile())
      return {
        name: path,
        folder: tmpdir(),
        target: undefined,
        write: (pieces) => writeInto(path, pieces),
      };
  }
  // A symbolic link stays, and the file that it points to is replaced.
  const resolved = existing ? realpathSync(path) : resolve(path);
  const folder = dirname(resolved);
  const folderStats = statsOf(folder);
  const shownFolder = existing ? folder : dirname(path);
  if (!folderStats) throw unusable(path, `the folder ${shownFolder} does not exist`);
  if (!folderStats.isDirectory()) throw unusable(path, `${shownFolder} is not a folder`);
  if (!allows(folder, constants.W_OK | constants.X_OK)) {
    throw unusable(path, `the folder ${shownFolder} is not writable`);
  }
  let name = path;
  const target: OutputTarget = {
    mode: existing?.mode,
    take: (file) => {
      if (unnamed !== undefined) name = renameToFree(file, path, unnamed);
      else renameSync(file, resolved);
      return unnamed === undefined ? resolved : name;
    },
  };
  return {
    get name() {
      return name;
    },
    folder,
    target,
    write: (pieces) => replace(path, folder, target, pieces),
  };
}

/** Writes a neighbour and renames it, so that the name never stands for half a profile. */
function replace(path: string, folder: string, target: OutputTarget, pieces: Pieces): boolean {
  const partial = partialPath(folder);
  try {
    writeNew(path, partial, "wx", pieces, target.mode);
    explained(path, () => target.take(partial));
    return true;
  } catch (error) {
    try {
      unlinkSync(partial);
    } catch {
      // It was never made, or its folder is gone: nothing is left behind.
    }
    throw error;
  }
}

/** A name for what is not a file of the person's yet. */
export function partialPath(folder: string): string {
  return join(folder, `.pyspy-${process.pid}-${randomBytes(6).toString("hex")}.tmp`);
}

function writeInto(path: string, pieces: Pieces): boolean {
  return writeNew(path, path, "w", pieces, undefined);
}

/** @param path what the file is called towards people */
function writeNew(
  path: string,
  target: string,
  flags: "w" | "wx",
  pieces: Pieces,
  mode: number | undefined,
): boolean {
  const descriptor = explained(path, () => openSync(target, flags));
  try {
    if (mode !== undefined) explained(path, () => fchmodSync(descriptor, mode & 0o777));
    return everyPiece(pieces, (piece) => explained(path, () => writeFully(descriptor, piece)));
  } finally {
    explained(path, () => closeSync(descriptor));
  }
}

/** False as soon as `write` says that nobody reads any more. */
function everyPiece(pieces: Pieces, write: (piece: string | Uint8Array) => boolean): boolean {
  for (const piece of pieces) if (!write(piece)) return false;
  return true;
}

/** What the operating system refuses becomes a sentence about the file. */
export function explained<Result>(path: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw unusable(path, systemReasonOf(error), error);
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unusable(path, systemReasonOf(error), error);
  }
}

function allows(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function unusable(path: string, reason: string, cause?: unknown): CommandError {
  return new CommandError("output", `Cannot write ${path}: ${reason}`, cause);
}
