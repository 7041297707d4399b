import type { Python } from "./find-pythons.js";
import { runs32BitPrograms } from "./programs-32-bit.js";
import { missingPythons } from "./wanted-pythons.js";

/** On which CPythons tests ran that run on all of this machine, and which of the required ones it lacks: one line. */
export function describeCoverage(pythons: readonly Python[], runs32Bit = runs32BitPrograms()): string {
  const names = pythons.map(({ name }) => name).join(", ");
  const missing = missingPythons(pythons, runs32Bit).filter(({ required }) => required);
  const skipped =
    missing.length === 0
      ? "none of the required ones is missing"
      : `skipped, because this machine lacks them: ${missing.map(({ name }) => name).join(", ")}`;
  const narrow = runs32Bit ? "" : "; 32-bit x86 programs do not run on this machine";
  return `ran on ${names === "" ? "no CPython" : `CPython ${names}`}; ${skipped}${narrow}`;
}
