import { rowOfPlatform, rowOfPointRelease, rowWithTracedReferences } from "./build-variants.js";
import type { Layout, PythonVersion } from "./layout.js";
import { LayoutError } from "./layout-error.js";
import { formatVersion } from "./python-version.js";
import { layoutOfRow } from "./versions/layout-of-row.js";
import { type MeasuredRow, measuredRows, measuredRowsOf32Bits } from "./versions/measured-row.js";

/** How a CPython was built, as far as that moves what a reader wants. */
export interface PythonBuild {
  /** What Python calls itself, if it is not CPython: `PyPy 7.3.15`. There is a layout for CPython only. */
  readonly implementation?: string;
  /** Built with `--disable-gil` (3.13+). Default false. */
  readonly freeThreaded?: boolean;
  /** Built with `--with-pydebug`, which up to 3.7 traces references. Default false. */
  readonly debug?: boolean;
  /** Built with `--with-trace-refs` (3.8–3.12). Default false. */
  readonly traceReferences?: boolean;
  /** Size of a `Py_UNICODE` of 2.x: its exported names begin with `PyUnicodeUCS2_` or `PyUnicodeUCS4_`. Default 4. */
  readonly unicodeSize?: 2 | 4;
  /** As Node's `process.platform`. Default `linux`. */
  readonly platform?: "linux" | "darwin" | "win32" | "freebsd";
  /** As Node's `process.arch`. Default `x64`. */
  readonly architecture?: "x64" | "arm64" | "ia32";
}

/** The measured builds that stand for a minor version, and whether one of them was read live in this package's tests. */
interface Family {
  readonly row: MeasuredRow;
  readonly rowOf32Bits?: MeasuredRow;
  readonly tested: boolean;
}

const families: ReadonlyMap<string, Family> = new Map<string, Family>([
  ["2.3", { row: measuredRows["2.3.7"], tested: false }],
  ["2.4", { row: measuredRows["2.4.6"], tested: false }],
  ["2.5", { row: measuredRows["2.5.6"], tested: false }],
  ["2.6", { row: measuredRows["2.6.9"], tested: false }],
  ["2.7", { row: measuredRows["2.7.18"], rowOf32Bits: measuredRowsOf32Bits["2.7.18"], tested: true }],
  ["3.3", { row: measuredRows["3.3.7"], tested: false }],
  ["3.4", { row: measuredRows["3.4.10"], tested: false }],
  ["3.5", { row: measuredRows["3.5.10"], tested: false }],
  ["3.6", { row: measuredRows["3.6.15"], rowOf32Bits: measuredRowsOf32Bits["3.6.15"], tested: true }],
  ["3.7", { row: measuredRows["3.7.16"], rowOf32Bits: measuredRowsOf32Bits["3.7.16"], tested: true }],
  ["3.8", { row: measuredRows["3.8.18"], rowOf32Bits: measuredRowsOf32Bits["3.8.18"], tested: true }],
  ["3.9", { row: measuredRows["3.9.18"], rowOf32Bits: measuredRowsOf32Bits["3.9.18"], tested: true }],
  ["3.10", { row: measuredRows["3.10.13"], rowOf32Bits: measuredRowsOf32Bits["3.10.13"], tested: true }],
  ["3.11", { row: measuredRows["3.11.7"], rowOf32Bits: measuredRowsOf32Bits["3.11.7"], tested: true }],
  ["3.12", { row: measuredRows["3.12.1"], rowOf32Bits: measuredRowsOf32Bits["3.12.1"], tested: true }],
  ["3.13", { row: measuredRows["3.13.18"], tested: false }],
  ["3.13t", { row: measuredRows["3.13.15t"], tested: false }],
  ["3.14", { row: measuredRows["3.14.10"], tested: false }],
  ["3.14t", { row: measuredRows["3.14.10t"], tested: false }],
  ["3.15", { row: measuredRows["3.15.2"], tested: false }],
  ["3.15t", { row: measuredRows["3.15.2t"], tested: false }],
]);

/**
 * The layout of a CPython by its version and build: 2.3–2.7 and 3.3–3.12. It is `verified` for those that were read live
 * in this package's tests, on 64-bit Linux; others were measured from headers or derived from such.
 *
 * 3.13 and later describe themselves in `_Py_DebugOffsets`: read that and use `layoutFromDebugOffsets`. What this
 * function gives for them is the newest release that was measured, with `verified: false`.
 *
 * @throws LayoutError `unsupported-version`
 * @example layoutFor({ major: 3, minor: 11, micro: 7, release: "" }).threadState.cframe // 56
 */
export function layoutFor(version: PythonVersion, build: PythonBuild = {}): Layout {
  const { freeThreaded = false, platform = "linux", architecture = "x64" } = build;
  const family = families.get(`${version.major}.${version.minor}${freeThreaded ? "t" : ""}`);
  const measured =
    architecture !== "ia32" ? family?.row : platform === "linux" ? family?.rowOf32Bits : undefined;
  if (build.implementation !== undefined || family === undefined || measured === undefined) {
    throw unsupported(version, build);
  }
  const tracesReferences = build.traceReferences || (build.debug && (version.major < 3 || version.minor < 8));
  const pointerSize = architecture === "ia32" ? 4 : 8;
  const released = rowOfPointRelease(measured, version);
  const placed = pointerSize === 8 ? rowOfPlatform(released, version, platform, architecture) : released;
  const isTested = family.tested && platform === "linux" && architecture === "x64" && !tracesReferences;
  return layoutOfRow(tracesReferences ? rowWithTracedReferences(placed, pointerSize) : placed, {
    version,
    freeThreaded,
    verified: isTested && version.release === "",
    unicodeSize: build.unicodeSize ?? 4,
    isWindows: platform === "win32",
  });
}

function unsupported(version: PythonVersion, build: PythonBuild): LayoutError {
  const kind = build.freeThreaded ? " (free-threaded)" : build.architecture === "ia32" ? " (32-bit)" : "";
  const name = `${build.implementation ?? "CPython"} ${formatVersion(version)}${kind}`;
  return new LayoutError("unsupported-version", `Cannot lay out ${name}: ${reason(version, build)}`);
}

function reason(
  { major, minor }: PythonVersion,
  { implementation, freeThreaded, architecture }: PythonBuild,
): string {
  if (implementation !== undefined) return "only CPython is known here";
  if (freeThreaded && (major < 3 || minor < 13)) return "no Python before 3.13 can be built without the GIL";
  if (major < 2 || (major === 2 && minor < 3)) return "the oldest Python known here is 2.3";
  if (major === 3 && minor < 3)
    return "3.0, 3.1 and 3.2 are not known here, only 2.3 to 2.7 and 3.3 and later";
  if (major !== 3 && minor > 7) return "there is no such release";
  if (architecture === "ia32") return "of 32-bit builds only 2.7 and 3.6 to 3.12 for Linux are known here";
  return "it is newer than what is known here, and only its own `_Py_DebugOffsets` can tell";
}
