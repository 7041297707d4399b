import type { PythonVersion } from "./layout.js";

const releaseLevels: Readonly<Record<number, string>> = { 10: "a", 11: "b", 12: "rc" };

/**
 * Reads `PY_VERSION_HEX` (`0xMMmmppLS`), which is also the symbol `Py_Version` (3.11+) and the second word of
 * `_Py_DebugOffsets` (3.13+).
 *
 * @example parsePyVersionHex(0x030f00b4) // 3.15.0b4
 */
export function parsePyVersionHex(hex: number): PythonVersion {
  const level = releaseLevels[(hex >>> 4) & 0xf];
  return {
    major: hex >>> 24,
    minor: (hex >>> 16) & 0xff,
    micro: (hex >>> 8) & 0xff,
    release: level === undefined ? "" : `${level}${hex & 0xf}`,
  };
}

/** A version as Python writes it: `3.13.0`, `3.15.0b4`. */
export function formatVersion(version: PythonVersion): string {
  return `${version.major}.${version.minor}.${version.micro}${version.release}`;
}

/**
 * The start of what `Py_GetVersion` returns: `3.8.18 (default, …`, `3.6.3 |Anaconda …`, `2.7.15+ (…`, `2.7 (r27:…` of
 * 2.7.0, `2.6rc1 (…`, `3.13.0 experimental free-threading build (…`.
 */
const versionText =
  /(?<![\w.])([23])\.(\d{1,2})(?:\.(\d{1,3})|(?<=2\.\d))(?:(a|b|c|rc)(\d{1,2}))?(?:\+[\w.-]*)?(?: (?:experimental )?free-threading build)? [(|]/;

/**
 * Finds the version in the text that `Py_GetVersion` returns, which a process keeps in its static memory. The text may
 * start anywhere in `text`; undefined if it is not there.
 */
export function parseVersionText(text: string): PythonVersion | undefined {
  const match = versionText.exec(text);
  if (match === null) return undefined;
  const [, major, minor, micro = "0", level, serial = ""] = match;
  return {
    major: Number(major),
    minor: Number(minor),
    micro: Number(micro),
    release: level === undefined ? "" : `${level === "c" ? "rc" : level}${serial}`,
  };
}

const otherImplementation =
  /\[((?:PyPy|Pyston|GraalVM|GraalPy|Jython|IronPython)[^[\]]*?)(?: with |, |\]|$)|\+(cinder)/;

/**
 * The name and version of another Python than CPython in the text that `Py_GetVersion` returns: `PyPy 7.3.15`. Undefined
 * for CPython. What it gives is `implementation` of `PythonBuild`.
 */
export function implementationIn(text: string): string | undefined {
  const match = otherImplementation.exec(text);
  return match === null ? undefined : (match[1] ?? "Cinder");
}
