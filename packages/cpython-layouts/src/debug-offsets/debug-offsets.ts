/**
 * `_Py_DebugOffsets`, with which CPython 3.13 and later describe themselves: the first bytes of `_PyRuntime`, in the
 * file and in memory (Include/internal/pycore_debug_offsets.h).
 *
 * The table is positional: a header and then one u64 after another, whose names only the version tells. It is also
 * input that nobody vouches for: read from the wrong address, or of an alpha release whose list of fields was another,
 * it is numbers that would be believed. So everything is checked against everything before a layout is made of it. What
 * a reader needs and the table does not say is derived from its neighbours or taken from the measured build of the same
 * minor version and flavour.
 */
import { ABSENT, type Layout, type PythonVersion } from "../layout.js";
import { LayoutError } from "../layout-error.js";
import { formatVersion, parsePyVersionHex } from "../python-version.js";
import { debugOffsetsFields } from "../versions/debug-offsets-fields.js";
import { layoutOfRow } from "../versions/layout-of-row.js";
import { type MeasuredBuild, measuredRow } from "../versions/measured-row.js";
import { findContradiction } from "./contradiction.js";
import { HEADER_SIZE, type KnownMinor, readOffsets, readU64 } from "./offsets.js";
import { rowOfOffsets } from "./row-of-offsets.js";

/** How many bytes to read at `_PyRuntime`: enough for the table of every known version and some growth. */
export const DEBUG_OFFSETS_READ_SIZE = 1024;

const COOKIE = "xdebugpy";
const NEWEST_KNOWN: KnownMinor = 15;
/** No free-threaded build of 3.14 or 3.15 could be had to run. */
const NEWEST_TESTED_FREE_THREADED = 13;

/**
 * Where 3.13 has `func_state.next_version`, of which the table does not tell, by the size of its interpreter: measured with
 * `offsetof` in the headers of these releases. Others may have it elsewhere.
 */
const nextVersions: ReadonlyMap<number, number> = new Map([
  [194_968, 17_000], // 3.13.0
  [194_976, 17_000], // 3.13.5
  [194_984, 17_000], // 3.13.15, 3.13.18
  [215_616, 20_092], // free-threaded: 3.13.0, 3.13.5, 3.13.18
]);

/** The start of the table, which is the same in all versions. */
export interface DebugOffsetsHeader {
  readonly version: PythonVersion;
  readonly freeThreaded: boolean;
}

/**
 * Reads the header of the table; undefined if the bytes are not one, so that a search for the cookie can go on.
 *
 * @param bytes - at least 24 bytes from the address of `_PyRuntime`
 */
export function readDebugOffsetsHeader(bytes: Uint8Array): DebugOffsetsHeader | undefined {
  if (bytes.length < HEADER_SIZE) return undefined;
  for (let index = 0; index < COOKIE.length; index++) {
    if (bytes[index] !== COOKIE.charCodeAt(index)) return undefined;
  }
  const hex = readU64(bytes, 8);
  const freeThreaded = readU64(bytes, 16);
  if (hex > 0xffffffff || freeThreaded > 1) return undefined;
  return { version: parsePyVersionHex(hex), freeThreaded: freeThreaded === 1 };
}

/** The size of the table of a version in bytes; of the newest known one for a version that is newer. */
export function debugOffsetsSize(version: PythonVersion): number {
  return HEADER_SIZE + 8 * debugOffsetsFields[knownMinor(version)].length;
}

/**
 * The layout that a CPython 3.13 or later says it has.
 *
 * A minor version that is newer than what is known here is read by the newest list of fields and gives
 * `verified: false`, if that fits.
 *
 * @param table - {@link DEBUG_OFFSETS_READ_SIZE} bytes from the address of `_PyRuntime`; more is ignored, less is enough
 *   when it holds the table
 * @throws LayoutError `debug-offsets-unreadable`, `debug-offsets-do-not-fit`, `unsupported-version`
 */
export function layoutFromDebugOffsets(table: Uint8Array): Layout {
  const header = readDebugOffsetsHeader(table);
  if (header === undefined) {
    throw new LayoutError(
      "debug-offsets-unreadable",
      "Cannot read the debug offsets: the bytes do not start with their header",
    );
  }
  const { version, freeThreaded } = header;
  const name = `${formatVersion(version)}${freeThreaded ? " (free-threaded)" : ""}`;
  if (version.major !== 3 || version.minor < 13) {
    throw new LayoutError(
      "unsupported-version",
      `Cannot read the debug offsets of CPython ${name}: only 3.13 and later have them`,
    );
  }
  const size = debugOffsetsSize(version);
  if (table.length < size) {
    throw new LayoutError(
      "debug-offsets-unreadable",
      `Cannot read the debug offsets of CPython ${name}: they are ${size} bytes and only ${table.length} were given`,
    );
  }
  const known = knownMinor(version);
  const offsets = readOffsets(table, known, freeThreaded);
  const contradiction = findContradiction(offsets, freeThreaded);
  if (contradiction !== undefined) {
    throw new LayoutError(
      "debug-offsets-do-not-fit",
      `Cannot use the debug offsets of CPython ${name}: ${contradiction}, so its list of fields is not the one known for 3.${known}`,
    );
  }
  const row = rowOfOffsets(offsets, measuredRow(measuredBuild(known, freeThreaded)), freeThreaded);
  const layout = layoutOfRow(row, {
    version,
    freeThreaded,
    verified:
      version.minor <= (freeThreaded ? NEWEST_TESTED_FREE_THREADED : NEWEST_KNOWN) && version.release === "",
    unicodeSize: 4,
    // The two ids are next to each other, and each as wide as a C `long`.
    isWindows: row["ts.native_thread_id"] === (row["ts.thread_id"] ?? 0) + 4,
  });
  const func_state_next_version =
    (version.minor === 13 ? nextVersions.get(offsets["interpreter_state.size"]) : undefined) ?? ABSENT;
  return { ...layout, interpreter: { ...layout.interpreter, func_state_next_version } };
}

/** The minor version whose list of fields to read a table with. */
function knownMinor({ minor }: PythonVersion): KnownMinor {
  return minor === 13 || minor === 14 ? minor : NEWEST_KNOWN;
}

function measuredBuild(minor: KnownMinor, freeThreaded: boolean): MeasuredBuild {
  if (minor === 13) return freeThreaded ? "3.13.15t" : "3.13.18";
  if (minor === 14) return freeThreaded ? "3.14.10t" : "3.14.10";
  return freeThreaded ? "3.15.2t" : "3.15.2";
}
