import type { DumpedProcess } from "./dumped.js";

/** A line of a source file. */
export interface SourceLine {
  /** Without the spaces around. */
  readonly text: string;
  /** The file was written to after the process had started: it may have had other lines then. */
  readonly hasChanged: boolean;
}

/** Longer files are no source code. */
const MOST_BYTES = 2 ** 24;

/** Milliseconds: the kernel counts starts in hundredths of a second, and Python does not read its program at once. */
const START_UNCERTAINTY = 100;

interface SourceFile {
  readonly lines: readonly string[];
  readonly hasChanged: boolean;
}

/** Reads lines of the source files of a process, each file once. */
export class SourceLines {
  readonly #process: DumpedProcess;
  readonly #files = new Map<string, SourceFile | undefined>();

  constructor(process: DumpedProcess) {
    this.#process = process;
  }

  /** Undefined if the file cannot be had, or is shorter. */
  line(path: string, line: number): SourceLine | undefined {
    if (!this.#files.has(path)) this.#files.set(path, this.#read(path));
    const file = this.#files.get(path);
    const text = file?.lines[line - 1]?.trim();
    return file === undefined || text === undefined || text === ""
      ? undefined
      : { text, hasChanged: file.hasChanged };
  }

  #read(path: string): SourceFile | undefined {
    const { openFile, startedAt } = this.#process;
    const file = path.startsWith("<") ? undefined : openFile(path);
    if (file === undefined) return undefined;
    try {
      const text = new TextDecoder().decode(file.read(0, Math.min(file.size, MOST_BYTES)));
      const hasChanged =
        startedAt !== undefined &&
        file.modified !== undefined &&
        file.modified.getTime() > startedAt.getTime() + START_UNCERTAINTY;
      return { lines: text.split(/\r\n|\r|\n/), hasChanged };
    } finally {
      file.close();
    }
  }
}
