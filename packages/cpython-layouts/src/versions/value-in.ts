import { ABSENT } from "../layout.js";
import type { MeasuredKey } from "./measured-key.js";
import type { MeasuredRow } from "./measured-row.js";

/** A function that gives the value of the first of its keys that the row has, and `ABSENT` if it has none. */
export function valueIn(row: MeasuredRow): (...keys: readonly MeasuredKey[]) => number {
  return (...keys) => {
    for (const key of keys) {
      const value = row[key];
      if (value !== undefined) return value;
    }
    return ABSENT;
  };
}
