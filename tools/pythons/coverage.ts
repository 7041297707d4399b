import type { Python } from "./find-pythons.js";
import { missingPythons } from "./wanted-pythons.js";

/** On which CPythons tests ran that run on all of this machine, and which of the required ones it lacks: one line. */
export function describeCoverage(pythons: readonly Python[]): string {
  const names = pythons.map(({ name }) => name).join(", ");
  const missing = missingPythons(pythons).filter(({ required }) => required);
  const skipped =
    missing.length === 0
      ? "none of the required ones is missing"
      : `skipped, because this machine lacks them: ${missing.map(({ name }) => name).join(", ")}`;
  return `ran on ${names === "" ? "no CPython" : `CPython ${names}`}; ${skipped}`;
}
