import type { Interval, Spread } from "./statistics.js";

/** A table in Markdown, with its columns aligned, so that a terminal can show it as it is. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(3, ...all.map((row) => (row[column] ?? "").length)));
  const lineOf = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lineOf(header), rule, ...rows.map(lineOf)].join("\n");
}

/** Three digits that count, and thousands with commas: `0.012`, `1.53`, `145,000`; a dash for what is not known. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(3));
  return Math.abs(rounded) >= 100 ? rounded.toLocaleString("en-US") : String(rounded);
}

/** `1,530 (1,490–1,600)`: the median and the quartiles. */
export function spread({ median, low, high, count }: Spread, unit = ""): string {
  if (count === 0) return "–";
  return count === 1
    ? `${number(median)}${unit}`
    : `${number(median)}${unit} (${number(low)}–${number(high)})`;
}

/** `0.998 … 1.012 (96 %)` */
export function interval({ low, high, confidence }: Interval): string {
  return `${low.toFixed(3)} … ${high.toFixed(3)} (${Math.round(100 * confidence)} %)`;
}
