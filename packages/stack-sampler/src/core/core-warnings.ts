import type { ThreadStack } from "../inspect/thread-stacks.js";
import { UNREADABLE } from "../python/remote-text.js";
import { TargetWords } from "../python/target-words.js";
import type { CoreProcess } from "./core-process.js";
import type { CoreSource } from "./core-source.js";
import { type FilePlaces, uselessFolders } from "./file-places.js";
import type { Content } from "./read-core.js";

/** What was not as it should be and may be why something is missing, a sentence each. */
export function warningsOf(
  source: CoreSource,
  process: CoreProcess,
  places: FilePlaces,
  { problem, read }: Content,
): readonly string[] {
  const warnings = [
    ...source.warnings,
    ...lostStacks(source, process),
    ...fileWarnings(source, process, places),
  ];
  const unreadable = read?.unreadable ?? 0;
  if (unreadable > 0) warnings.push(`${counted(unreadable, "stack")} cannot be read in the core file`);
  const isComplete =
    problem === undefined && unreadable === 0 && read?.stacks.some(hasUnreadableName) !== true;
  if (read?.taskProblem !== undefined) warnings.push(read.taskProblem);
  if (!isComplete && process.files.missing.length > 0) warnings.push(missingFiles(process.files.missing));
  return warnings;
}

/**
 * A thread-local storage begins with its own address, on x86 as on x86-64, and is in the mapping of the thread's stack. gdb leaves
 * the rest of a mapping out, as zeros, when it meets a page that it cannot read, such as the guard pages of glibc 2.42.
 */
function lostStacks({ core }: CoreSource, { memory }: CoreProcess): readonly string[] {
  const words = new TargetWords(memory, core.pointerSize);
  const lost = core.threads.filter(
    ({ threadPointer }) => threadPointer !== undefined && words.read(threadPointer) !== threadPointer,
  );
  if (lost.length === 0) return [];
  return [
    `The stacks of ${counted(lost.length, "thread")} are not in the core file: outer frames of them may be missing`,
  ];
}

/** More names of files than that nobody reads. */
const MOST_NAMES = 3;

function fileWarnings({ loss }: CoreSource, process: CoreProcess, places: FilePlaces): string[] {
  const warnings: string[] = [];
  for (const { here, path, reason } of process.files.unused) {
    const original = here === path ? "the one" : path;
    const why = {
      "no-binary": "it is no binary",
      "other-build": `it is another build (by its build id) than ${original} that ran`,
      "other-layout": `it lies in memory in another way than ${original} that ran`,
    }[reason];
    warnings.push(`${here} is not used: ${why}`);
  }
  if (places.executable !== undefined && process.executable === undefined) {
    const why =
      loss !== undefined
        ? "no binary in the core file has its build id"
        : "the core file does not tell which of its files is the program";
    warnings.push(`${places.executable} is not used: ${why}`);
  }
  const paths = process.maps().flatMap(({ path }) => (path === "" ? [] : [path]));
  for (const folder of uselessFolders(places, paths)) {
    warnings.push(`No file that the process had mapped is in ${folder}`);
  }
  return warnings;
}

function hasUnreadableName({ frames }: ThreadStack): boolean {
  return frames.some(({ function: { name, file } }) => name === UNREADABLE || file === UNREADABLE);
}

function missingFiles(paths: readonly string[]): string {
  const names = paths.slice(0, MOST_NAMES).join(", ");
  const more = paths.length > MOST_NAMES ? ` and ${paths.length - MOST_NAMES} more` : "";
  return `${counted(paths.length, "file")} that the process had mapped cannot be found here: ${names}${more}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
