import { readFileSync, statSync } from "node:fs";
import {
  isProfileError,
  isRecording,
  type Profile,
  type Recording,
  RecordingFileSource,
  readProfile,
  readRecording,
} from "@pyspy/flamegraph";
import { CommandError } from "./command-error.js";
import { systemReasonOf } from "./system-reason.js";

/** A profile that was read from a file. */
export interface InputFile extends Disposable {
  readonly profile: Profile;
  /** False for a recording without its end. */
  readonly complete: boolean;
  /** Bytes at the end of a recording that are no good and left out. */
  readonly damagedBytes: number;
}

/**
 * Reads a profile of whatever format; `-` is standard input. The samples of a recording stay in the file until they are asked for,
 * so that it may be larger than memory.
 *
 * @throws {CommandError} `input`
 */
export async function openInput(path: string): Promise<InputFile> {
  try {
    if (path !== "-" && statSync(path).isFile()) return await openFile(path);
    return await inputOf(readFileSync(path === "-" ? 0 : path));
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** What a person is told when `path` cannot be read, or not to its end; other errors are given back. */
export function unreadable(path: string, error: unknown): unknown {
  const name = inputName(path);
  if (isProfileError(error)) {
    if (error.code === "written-only") {
      const what = `${error.part}, which pyspy writes and does not read`;
      const hint = "record or convert with -f pyspy to keep everything";
      return new CommandError("input", `Cannot read ${name}: it is ${what}; ${hint}`, error);
    }
    const reason = error.message.replace(/^Cannot read the (\S+) file: /, "as $1: ");
    return new CommandError("input", `Cannot read ${name} ${reason}`, error);
  }
  const { code } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  return new CommandError("input", `Cannot read ${name}: ${reasons[code] ?? systemReasonOf(error)}`, error);
}

/** What a person calls the input. */
export function inputName(path: string): string {
  return path === "-" ? "standard input" : path;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  ENOTDIR: "it does not exist",
  EISDIR: "it is a folder",
};

async function openFile(path: string): Promise<InputFile> {
  const source = new RecordingFileSource(path);
  try {
    // Twice what tells a recording: its first bytes are the only ones that are read of a file that is none.
    if (isRecording(source.read(0, 16))) {
      const recording = readRecording(source);
      return inputOfRecording(recording, () => source.close());
    }
  } catch (error) {
    source.close();
    throw error;
  }
  source.close();
  return inputOf(readFileSync(path));
}

async function inputOf(bytes: Uint8Array): Promise<InputFile> {
  if (!isRecording(bytes)) {
    return { profile: await readProfile(bytes), complete: true, damagedBytes: 0, [Symbol.dispose]: () => {} };
  }
  return inputOfRecording(readRecording(bytes), () => {});
}

function inputOfRecording(recording: Recording, close: () => void): InputFile {
  const { complete, damaged, bytesCutOff } = recording;
  return {
    profile: recording.profile(),
    complete,
    damagedBytes: damaged ? bytesCutOff : 0,
    [Symbol.dispose]: close,
  };
}
