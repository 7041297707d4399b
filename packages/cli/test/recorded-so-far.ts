import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import {
  foldStacks,
  isProfileError,
  RecordingFileSource,
  readRecording,
  writeCollapsed,
} from "@pyspy/flamegraph";

/**
 * The collapsed stacks, below their processes, of what a pyspy that is at work, or that a process has started, has recorded up to now. It records into
 * a file which may have no name any more, but has its descriptor.
 */
export function recordedSoFar(pid: number): string {
  return [pid, ...childrenOf(pid)]
    .flatMap((each) => namesIn(`/proc/${each}/fd`))
    .map((path) => (isRecordedInto(path) ? collapsedOf(path) : ""))
    .join("");
}

function childrenOf(pid: number): readonly number[] {
  const text = gone(() => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")) ?? "";
  return text.split(" ").filter(Boolean).map(Number);
}

function namesIn(folder: string): readonly string[] {
  return (gone(() => readdirSync(folder)) ?? []).map((name) => `${folder}/${name}`);
}

function isRecordedInto(path: string): boolean {
  return /\.tmp \(deleted\)$|\.pyspy$/.test(gone(() => readlinkSync(path)) ?? "");
}

function collapsedOf(path: string): string {
  try {
    using source = new RecordingFileSource(path);
    return writeCollapsed(foldStacks(readRecording(source).profile(), { processes: true }));
  } catch (error) {
    if (isProfileError(error) || isGone(error)) return "";
    throw error;
  }
}

/** What `read` gives; undefined if what it reads has ended or was closed. */
function gone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return ["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "");
}
