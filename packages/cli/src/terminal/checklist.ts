import { printable } from "./printable.js";
import type { Style } from "./style.js";

/**
 * What is shown before a line:
 * - `yes`, `no`: something that is asked for is as it should be, or is not
 * - `note`: something to know
 * - `fact`: nothing
 */
export type Mark = "yes" | "no" | "note" | "fact";

/** One line of a checklist. */
export interface Check {
  readonly mark: Mark;
  readonly label: string;
  readonly text: string;
  /** What to do about it; a line of its own. */
  readonly advice?: string | undefined;
}

export interface CheckSection {
  readonly title: string;
  readonly checks: readonly Check[];
}

/** Sections with a title each, whose texts begin in one column. Nothing in them can do anything to a terminal. */
export function renderChecklist(sections: readonly CheckSection[], style: Style): string {
  return sections.map((section) => renderSection(section, style)).join("\n");
}

function renderSection({ title, checks }: CheckSection, style: Style): string {
  const width = Math.max(...checks.map(({ label }) => label.length));
  const lines = checks.flatMap(({ mark, label, text, advice }) => {
    const line = `  ${marks[mark](style)} ${printable(label.padEnd(width))}  ${printable(text)}`;
    return advice === undefined ? [line] : [line, `    ${style.cyan("→")} ${printable(advice)}`];
  });
  return `${[style.bold(printable(title)), ...lines].join("\n")}\n`;
}

const marks: Readonly<Record<Mark, (style: Style) => string>> = {
  yes: (style) => style.green("✓"),
  no: (style) => style.red("✗"),
  note: (style) => style.yellow("–"),
  fact: () => " ",
};
