import type { FrameLocals, LocalVariable, StackFrame } from "@pyspy/stack-sampler";
import { printable } from "../terminal/printable.js";
import type { Style } from "../terminal/style.js";
import type { DumpedProcess } from "./dumped.js";
import { ShortNames } from "./file-names.js";
import { SourceLines } from "./source-lines.js";

export interface StackTextOptions {
  readonly fullFileNames: boolean;
  readonly source: boolean;
  readonly style: Style;
}

/** Writes frames of a process for people: `name (file:line)`, and what is inside of them. Nothing of it can do anything to a terminal. */
export class StackText {
  readonly #options: StackTextOptions;
  readonly #shortNames: ShortNames;
  readonly #sources: SourceLines;

  constructor(process: DumpedProcess, options: StackTextOptions) {
    this.#options = options;
    this.#shortNames = new ShortNames((path) => process.openFile(path));
    this.#sources = new SourceLines(process);
  }

  lines(frames: readonly StackFrame[], isUnreadable = false): string[] {
    if (isUnreadable) return [`    ${this.#options.style.yellow("its stack cannot be read")}`];
    if (frames.length === 0) return [`    ${this.#options.style.dim("no Python is on its stack")}`];
    return frames.flatMap((frame) => this.#frame(frame));
  }

  #frame(frame: StackFrame): string[] {
    const { style, source } = this.#options;
    const place = this.#place(frame);
    const lines = [`    ${style.green(printable(frame.qualname))}${place === "" ? "" : ` (${place})`}`];
    const line = source ? this.#sources.line(frame.function.file, frame.line) : undefined;
    if (line !== undefined) {
      const note = line.hasChanged
        ? `  ${style.yellow("(the file has changed since the process started)")}`
        : "";
      lines.push(`        ${style.dim(printable(line.text))}${note}`);
    }
    if (frame.locals !== undefined) lines.push(...this.#locals(frame.locals));
    return lines;
  }

  #place({ function: { file }, line }: StackFrame): string {
    if (file === "") return "";
    const { style, fullFileNames } = this.#options;
    const name = style.cyan(printable(fullFileNames ? file : this.#shortNames.of(file)));
    return line > 0 ? `${name}:${style.dim(String(line))}` : name;
  }

  #locals({ variables, changed }: FrameLocals): string[] {
    const { style } = this.#options;
    const isArgument = ({ kind }: LocalVariable): boolean => kind === "argument";
    return [
      ...(changed ? [`        ${style.yellow("(changed while reading)")}`] : []),
      ...this.#variables("Arguments", variables.filter(isArgument)),
      ...this.#variables(
        "Locals",
        variables.filter((variable) => !isArgument(variable)),
      ),
    ];
  }

  #variables(title: string, variables: readonly LocalVariable[]): string[] {
    if (variables.length === 0) return [];
    return [
      `        ${this.#options.style.dim(`${title}:`)}`,
      ...variables.map(({ name, value }) => `            ${printable(name)}: ${printable(value.text)}`),
    ];
  }
}
