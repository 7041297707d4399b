import { rowOfPlatform, rowOfPointRelease, rowWithTracedReferences } from "./build-variants.js";
import type { Layout, PythonVersion } from "./layout.js";
import { LayoutError } from "./layout-error.js";
import { formatVersion } from "./python-version.js";
import { layoutOfRow } from "./versions/layout-of-row.js";
import { type MeasuredBuild, measuredRow } from "./versions/measured-row.js";

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

/** The measured build that stands for a minor version, and whether one was read live in this package's tests. */
interface Family {
  readonly build: MeasuredBuild;
  readonly tested: boolean;
}

const families: ReadonlyMap<string, Family> = new Map<string, Family>([
  ["2.3", { build: "2.3.7", tested: false }],
  ["2.4", { build: "2.4.6", tested: false }],
  ["2.5", { build: "2.5.6", tested: false }],
  ["2.6", { build: "2.6.9", tested: false }],
  ["2.7", { build: "2.7.18", tested: true }],
  ["3.3", { build: "3.3.7", tested: false }],
  ["3.4", { build: "3.4.10", tested: false }],
  ["3.5", { build: "3.5.10", tested: false }],
  ["3.6", { build: "3.6.15", tested: true }],
  ["3.7", { build: "3.7.16", tested: true }],
  ["3.8", { build: "3.8.18", tested: true }],
  ["3.9", { build: "3.9.18", tested: true }],
  ["3.10", { build: "3.10.13", tested: true }],
  ["3.11", { build: "3.11.7", tested: true }],
  ["3.12", { build: "3.12.1", tested: true }],
  ["3.13", { build: "3.13.18", tested: false }],
  ["3.13t", { build: "3.13.15t", tested: false }],
  ["3.14", { build: "3.14.10", tested: false }],
  ["3.14t", { build: "3.14.10t", tested: false }],
  ["3.15", { build: "3.15.2", tested: false }],
  ["3.15t", { build: "3.15.2t", tested: false }],
  ["2.7 ia32", { build: "2.7.18-i386", tested: false }],
  ["3.6 ia32", { build: "3.6.15-i386", tested: false }],
  ["3.7 ia32", { build: "3.7.16-i386", tested: false }],
  ["3.8 ia32", { build: "3.8.18-i386", tested: false }],
  ["3.9 ia32", { build: "3.9.18-i386", tested: false }],
  ["3.10 ia32", { build: "3.10.13-i386", tested: false }],
  ["3.11 ia32", { build: "3.11.7-i386", tested: true }],
  ["3.12 ia32", { build: "3.12.1-i386", tested: false }],
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
  const is32Bit = architecture === "ia32";
  const flavour = `${freeThreaded ? "t" : ""}${is32Bit ? " ia32" : ""}`;
  const family = families.get(`${version.major}.${version.minor}${flavour}`);
  const isMeasuredPlatform = platform === "linux" && architecture !== "arm64";
  const isKnownPlatform = isMeasuredPlatform || (!is32Bit && !describesItself(version));
  if (build.implementation !== undefined || family === undefined || !isKnownPlatform) {
    throw unsupported(version, build);
  }
  const tracesReferences = build.traceReferences || (build.debug && (version.major < 3 || version.minor < 8));
  const placed = rowOfPlatform(measuredRow(family.build), version, platform, architecture);
  const released = rowOfPointRelease(placed, version);
  return layoutOfRow(tracesReferences ? rowWithTracedReferences(released) : released, {
    version,
    freeThreaded,
    verified: family.tested && isMeasuredPlatform && !tracesReferences && version.release === "",
    unicodeSize: build.unicodeSize ?? 4,
    isWindows: platform === "win32",
  });
}

/** With `_Py_DebugOffsets`. */
function describesItself({ major, minor }: PythonVersion): boolean {
  return major === 3 && minor >= 13;
}

function unsupported(version: PythonVersion, build: PythonBuild): LayoutError {
  const kind = build.freeThreaded ? " (free-threaded)" : build.architecture === "ia32" ? " (32-bit)" : "";
  const name = `${build.implementation ?? "CPython"} ${formatVersion(version)}${kind}`;
  return new LayoutError("unsupported-version", `Cannot lay out ${name}: ${reason(version, build)}`);
}

function reason(version: PythonVersion, { implementation, freeThreaded, architecture }: PythonBuild): string {
  const { major, minor } = version;
  if (implementation !== undefined) return "only CPython is known here";
  if (freeThreaded && !describesItself(version)) return "no Python before 3.13 can be built without the GIL";
  if (major < 2 || (major === 2 && minor < 3)) return "the oldest Python known here is 2.3";
  if (major === 3 && minor < 3)
    return "3.0, 3.1 and 3.2 are not known here, only 2.3 to 2.7 and 3.3 and later";
  if (describesItself(version)) return "only its own `_Py_DebugOffsets` can tell how this build is laid out";
  if (architecture === "ia32") return "of 32-bit builds only 2.7 and 3.6 to 3.12 for Linux are known here";
  return "there is no such release";
}
