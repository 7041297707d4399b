import type { FormatOptions, LabelOptions } from "@pyspy/flamegraph";
import { type Options, optionValue, quoted, usage } from "./argument-values.js";

/** How a profile is shown, whatever the format. */
export interface Presentation {
  readonly lines: NonNullable<LabelOptions["lines"]>;
  readonly fullFileNames: boolean;
  /** Nodes for threads and for processes above the stacks. */
  readonly threads: boolean;
  readonly processes: boolean;
  /** How many functions a summary lists. */
  readonly top: number;
}

export function readPresentation(options: Options): Presentation {
  const byFunction = options["function"] === true;
  const withoutLines = options["nolineno"] === true;
  if (byFunction && withoutLines) throw usage("Only one of --function and --nolineno can be had");
  return {
    lines: withoutLines ? "none" : byFunction ? "function" : "line",
    fullFileNames: options["fullFilenames"] === true,
    threads: options["threads"] === true,
    processes: options["processes"] === true,
    top: readTop(optionValue(options, "top")),
  };
}

/** What a format is told of it. */
export function formatOptionsOf({
  lines,
  fullFileNames,
  threads,
  processes,
  top,
}: Presentation): FormatOptions {
  return {
    lines,
    threads,
    processes,
    top,
    ...(fullFileNames && { shortenFile: ({ file }: { readonly file: string }) => file }),
  };
}

function readTop(text: string | undefined): number {
  if (text === undefined) return 20;
  const top = /^\d+$/.test(text) ? Number(text) : 0;
  if (!(top >= 1 && top <= 1_000_000)) {
    throw usage(`The number of functions to list is from 1 to 1000000, and not ${quoted(text)}`);
  }
  return top;
}
