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
import { basename, dirname, extname, join, resolve } from "node:path";
import { CommandError } from "./command-error.js";
import { writeOutput } from "./standard-output.js";
import { systemReasonOf } from "./system-reason.js";
import { isTerminal } from "./terminal/is-terminal.js";
import { writeFully } from "./terminal/write-fully.js";

/** Where a profile goes. */
export interface OutputFile {
  /** What was written, for a message: the path. */
  readonly name: string;
  /** Where a file can be kept until then, or becomes the output by being renamed. */
  readonly folder: string;
  /** The file that would be replaced, if it is one. */
  readonly target: { readonly path: string; readonly mode: number | undefined } | undefined;
  /**
   * Writes all pieces or, to a file, none.
   *
   * @returns false if it is standard output and nobody reads it any more
   * @throws {CommandError} `output`; what making the pieces throws comes through
   */
  write(pieces: Pieces): boolean;
}

/** A file in the order of its parts, which are made while they are written. */
export type Pieces = Iterable<string | Uint8Array>;

/**
 * Finds out, before anything costs time, whether a profile can be written to this path; `-` is standard output.
 *
 * @param isText whether what will be written is text
 * @throws {CommandError} `output`, if the folder is missing or closed to us, the path is a folder, or bytes would go to a terminal
 */
export function openOutput(path: string, isText: boolean): OutputFile {
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
  const existing = statsOf(path);
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
  const target = existing ? realpathSync(path) : resolve(path);
  const folder = dirname(target);
  const folderStats = statsOf(folder);
  const shownFolder = existing ? folder : dirname(path);
  if (!folderStats) throw unusable(path, `the folder ${shownFolder} does not exist`);
  if (!folderStats.isDirectory()) throw unusable(path, `${shownFolder} is not a folder`);
  if (!allows(folder, constants.W_OK | constants.X_OK)) {
    throw unusable(path, `the folder ${shownFolder} is not writable`);
  }
  const mode = existing?.mode;
  return {
    name: path,
    folder,
    target: { path: target, mode },
    write: (pieces) => replace(path, target, mode, pieces),
  };
}

/**
 * The file name for people who gave none: `python3-2026-01-31T235959.svg`, in local time and without colons, which
 * not every file system takes.
 */
export function defaultOutputPath(subject: string, extension: string, time: Date): string {
  // A leading dash would read as an option, a leading dot would hide the file; names are limited to 255 bytes.
  const name = basename(subject)
    .replace(/[^\p{L}\p{N}._+-]/gu, "_")
    .replace(/^[-.]+/, "");
  return `${[...name].slice(0, 50).join("") || "profile"}-${timeOfFile(time)}.${extension}`;
}

/** One of several files of the same name: `today.pyspy` becomes `today-2026-01-31T235959.pyspy`. */
export function timedPath(path: string, extension: string, time: Date, kind = ""): string {
  return withSuffix(path, extension, `-${kind}${timeOfFile(time)}`);
}

/** `suffix` before the extension: `extension`, or the one that there is instead. */
export function withSuffix(path: string, extension: string, suffix: string): string {
  const ending = path.toLowerCase().endsWith(`.${extension}`) ? `.${extension}` : extname(path);
  const stem = path.slice(0, path.length - ending.length);
  return `${stem}${suffix}${path.slice(stem.length)}`;
}

/** `2026-01-31T235959`, in local time. */
function timeOfFile(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day}T${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`;
}

/** Writes a neighbour and renames it, so that the name never stands for half a profile. */
function replace(path: string, target: string, mode: number | undefined, pieces: Pieces): boolean {
  const partial = partialPath(dirname(target));
  try {
    writeNew(path, partial, "wx", pieces, mode);
    explained(path, () => renameSync(partial, target));
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
