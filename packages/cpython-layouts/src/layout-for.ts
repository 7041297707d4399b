import type { Layout, PythonVersion } from "./layout.js";
import { LayoutError } from "./layout-error.js";
import { formatVersion } from "./python-version.js";
import { layoutOfRow } from "./versions/layout-of-row.js";
import { type MeasuredRow, measuredRows } from "./versions/measured-row.js";

/** How a CPython was built, as far as that moves what a reader wants. */
export interface PythonBuild {
  /** Built with `--disable-gil` (3.13+). Default false. */
  readonly freeThreaded?: boolean;
}

/** The measured build that stands for a minor version, and whether one of that minor was read live in this package's tests. */
interface Family {
  readonly row: MeasuredRow;
  readonly tested: boolean;
}

const families: ReadonlyMap<string, Family> = new Map([
  ["2.3", { row: measuredRows["2.3.7"], tested: false }],
  ["2.4", { row: measuredRows["2.4.6"], tested: false }],
  ["2.5", { row: measuredRows["2.5.6"], tested: false }],
  ["2.6", { row: measuredRows["2.6.9"], tested: false }],
  ["2.7", { row: measuredRows["2.7.18"], tested: true }],
  ["3.3", { row: measuredRows["3.3.7"], tested: false }],
  ["3.4", { row: measuredRows["3.4.10"], tested: false }],
  ["3.5", { row: measuredRows["3.5.10"], tested: false }],
  ["3.6", { row: measuredRows["3.6.15"], tested: true }],
  ["3.7", { row: measuredRows["3.7.16"], tested: true }],
  ["3.8", { row: measuredRows["3.8.18"], tested: true }],
  ["3.9", { row: measuredRows["3.9.18"], tested: true }],
  ["3.10", { row: measuredRows["3.10.13"], tested: true }],
  ["3.11", { row: measuredRows["3.11.7"], tested: true }],
  ["3.12", { row: measuredRows["3.12.1"], tested: true }],
  ["3.13", { row: measuredRows["3.13.18"], tested: false }],
  ["3.13t", { row: measuredRows["3.13.15t"], tested: false }],
  ["3.14", { row: measuredRows["3.14.10"], tested: false }],
  ["3.14t", { row: measuredRows["3.14.10t"], tested: false }],
  ["3.15", { row: measuredRows["3.15.2"], tested: false }],
  ["3.15t", { row: measuredRows["3.15.2t"], tested: false }],
]);

/**
 * The layout of a CPython by its version: for 2.3–2.7 and 3.3–3.12 on 64-bit Linux it is exact.
 *
 * 3.13 and later describe themselves in `_Py_DebugOffsets`: read that and use `layoutFromDebugOffsets`. What this
 * function gives for them is the newest release that was measured, with `verified: false`.
 *
 * @throws LayoutError `unsupported-version`
 */
export function layoutFor(version: PythonVersion, build: PythonBuild = {}): Layout {
  const freeThreaded = build.freeThreaded ?? false;
  const family = families.get(`${version.major}.${version.minor}${freeThreaded ? "t" : ""}`);
  if (family === undefined) throw unsupported(version, freeThreaded);
  return layoutOfRow(rowOfPointRelease(version, family.row), {
    version,
    freeThreaded,
    verified: family.tested && version.release === "",
  });
}

/** What moved inside a minor version. Nothing else that a reader wants did, in all the releases whose headers were measured. */
function rowOfPointRelease({ major, minor, micro }: PythonVersion, row: MeasuredRow): MeasuredRow {
  if (major === 3 && minor === 7 && micro < 4) {
    // 3.7.4 defined FORCE_SWITCHING for the whole of the GIL struct: one more condition and mutex.
    return { ...row, ...moved(row, -88, "sizeof.runtime", "runtime.gilstate.tstate_current") };
  }
  if (major === 3 && minor === 14 && micro < 5) {
    // 3.14.5 went back from the incremental to the generational collector, whose state is larger.
    return {
      ...row,
      ...moved(
        row,
        -24,
        "is.sysdict",
        "is.modules",
        "is._gil",
        "is.code_object_generation",
        "is.tlbc_generation",
      ),
    };
  }
  return row;
}

function moved(row: MeasuredRow, bytes: number, ...keys: readonly (keyof MeasuredRow)[]): MeasuredRow {
  const changed: { -readonly [Key in keyof MeasuredRow]: MeasuredRow[Key] } = {};
  for (const key of keys) {
    const value = row[key];
    if (value !== undefined) changed[key] = value + bytes;
  }
  return changed;
}

function unsupported(version: PythonVersion, freeThreaded: boolean): LayoutError {
  const name = `CPython ${formatVersion(version)}${freeThreaded ? " (free-threaded)" : ""}`;
  return new LayoutError("unsupported-version", `Cannot lay out ${name}: ${reason(version, freeThreaded)}`);
}

function reason({ major, minor }: PythonVersion, freeThreaded: boolean): string {
  if (freeThreaded && (major < 3 || minor < 13)) return "no Python before 3.13 can be built without the GIL";
  if (major < 2 || (major === 2 && minor < 3)) return "the oldest Python known here is 2.3";
  if (major === 3 && minor < 3)
    return "3.0, 3.1 and 3.2 are not known here, only 2.3 to 2.7 and 3.3 and later";
  if (major === 3) return "it is newer than what is known here, and only its own `_Py_DebugOffsets` can tell";
  return "there is no such release";
}
