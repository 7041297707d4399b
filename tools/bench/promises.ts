import { number, table } from "./table.js";

/** What pyspy is to reach, measured beside the others in the same run. */
export interface Limit {
  /** What is measured, in words. */
  readonly what: string;
  readonly bound: "at least" | "at most";
  readonly value: number;
  /** ` %`, ` ms`, ` × py-spy`; said after both numbers. */
  readonly unit: string;
}

/** Where a measure keeps what it found: limits without a figure were not measured. */
export type Figures = ReadonlyMap<Limit, number>;

function isReached({ bound, value }: Limit, figure: number): boolean {
  return bound === "at least" ? figure >= value : figure <= value;
}

/** The promises of these measures and what became of them. */
export function promiseTable(limits: readonly Limit[], figures: Figures): string {
  return table(
    ["promise", "limit", "measured", ""],
    limits.map((limit) => {
      const figure = figures.get(limit);
      const sign = limit.bound === "at least" ? "≥" : "≤";
      const isKnown = figure !== undefined && !Number.isNaN(figure);
      return [
        limit.what,
        `${sign} ${number(limit.value)}${limit.unit}`,
        isKnown ? `${number(figure)}${limit.unit}` : "not measured",
        isKnown ? (isReached(limit, figure) ? "reached" : "not reached") : "",
      ];
    }),
  );
}
