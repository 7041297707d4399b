import { UNNAMED } from "./printable-text.js";
import type { FunctionRecord, ProcessRecord, ThreadRecord } from "./sample-batch.js";
import { type CodeOrigin, originOf, shortFileName } from "./source-file.js";

/** What one level of a stack is shown as. */
export interface StackLabel {
  /** As it came from the program: it may hold any character. Formats replace what they cannot hold. */
  readonly text: string;
  /** The short file name in `text`; "" if there is none. */
  readonly file: string;
  readonly origin: CodeOrigin;
}

/** How frames are named. */
export interface LabelOptions {
  /**
   * Which line follows the file: the one that was running (`line`, the default), the one on which the function begins
   * (`function`), or no line (`none`). Frames with the same label are merged.
   */
  readonly lines?: "line" | "function" | "none";
  /** `name` (default) is the function's own name, `qualname` has its classes before it. */
  readonly names?: "name" | "qualname";
  /** Gives the file name to show. Default: {@link shortFileName}; for full paths pass `(record) => record.file`. */
  readonly shortenFile?: (record: FunctionRecord) => string;
}

/** Labels a frame as py-spy does: `name (file:line)`, without what is unknown. */
export function frameLabel(record: FunctionRecord, line: number, options: LabelOptions = {}): StackLabel {
  const name = (options.names === "qualname" ? record.qualname : record.name) || UNNAMED;
  const file = (options.shortenFile ?? shortFileName)(record);
  const shownLine = { line, function: record.firstLine, none: 0 }[options.lines ?? "line"];
  const place = shownLine > 0 && file !== "" ? `${file}:${shownLine}` : file;
  return { text: place === "" ? name : `${name} (${place})`, file, origin: originOf(record) };
}

/**
 * Labels a thread as py-spy does: `thread (tid): name`. The parentheses keep readers of collapsed stacks
 * from taking the number for a count.
 */
export function threadLabel(record: ThreadRecord): StackLabel {
  const id = `thread (${record.tid || record.pythonId})`;
  return { text: record.name === "" ? id : `${id}: ${record.name}`, file: "", origin: "container" };
}

/** Labels a process as py-spy does: `process pid:"command line"`. */
export function processLabel(record: ProcessRecord): StackLabel {
  return { text: `process ${record.pid}:"${record.commandLine.join(" ")}"`, file: "", origin: "container" };
}
