/**
 * How builds of one version differ from the one that was measured: 64-bit Linux without debugging. Each function turns
 * a row of measurements into another.
 */
import type { PythonVersion } from "./layout.js";
import type { MeasuredKey } from "./versions/measured-key.js";
import type { MeasuredRow } from "./versions/measured-row.js";

type Platform = "linux" | "darwin" | "win32" | "freebsd";
type Architecture = "x64" | "arm64" | "ia32";

/** What moved inside a minor version. Nothing else that a reader wants did, in all the releases whose headers were measured. */
export function rowOfPointRelease(row: MeasuredRow, { major, minor, micro }: PythonVersion): MeasuredRow {
  if (major === 3 && minor === 7 && micro < 4) {
    // 3.7.4 defined FORCE_SWITCHING where all see it: one more condition and mutex in the state of the GIL.
    const conditionAndMutex = row["sizeof.pointer"] === 4 ? 48 + 24 : 48 + 40;
    return moved(row, -conditionAndMutex, ["sizeof.runtime", "runtime.gilstate.tstate_current"]);
  }
  if (major === 3 && minor === 14 && micro < 5) {
    // 3.14.5 went back from the incremental to the generational collector, whose state is larger.
    return moved(row, -24, [
      "is.sysdict",
      "is.modules",
      "is._gil",
      "is.code_object_generation",
      "is.tlbc_generation",
    ]);
  }
  return row;
}

/** Keys that are offsets into an object, or sizes of one. */
const inObjects =
  /^(ob_|var\.|type\.|ht_|ascii\.|compact\.|unicode2?\.|bytes\.|string2\.|int2\.|long\.|float\.|tuple\.|list\.|dict\.|set\.|gen\.|func\.|code\.|fo\.|sizeof\.(ob|type|heaptype|ascii|compact|dict|gen|code|fo)$)/;

/**
 * `Py_TRACE_REFS` puts two pointers in front of what an object begins with: `--with-trace-refs`, and up to 3.7 every debug
 * build. Thread states, interpreters, frames of 3.11 and later and the keys of dicts are not objects.
 */
export function rowWithTracedReferences(row: MeasuredRow): MeasuredRow {
  const keys = (Object.keys(row) as MeasuredKey[]).filter((key) => inObjects.test(key));
  return moved(row, 2 * (row["sizeof.pointer"] ?? 8), keys);
}

/**
 * Where `_PyRuntime.gilstate.tstate_current` is on other platforms: locks are in front of it, whose sizes differ.
 * By minor version; 3.7 stands for 3.7.4 and later. From py-spy's table, which others maintain against real builds.
 */
const gilHolders: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  "linux arm64": { 7: 1496, 8: 1384, 9: 584, 10: 584, 11: 592 },
  darwin: { 7: 1528, 8: 1416, 9: 616, 10: 616, 11: 624 },
  win32: { 8: 1296, 9: 496, 10: 496, 11: 504 },
  freebsd: { 7: 1336, 8: 1224, 9: 424, 10: 424, 11: 432 },
};

/** The row of another platform with pointers of 64 bits. */
export function rowOfPlatform(
  row: MeasuredRow,
  { minor }: PythonVersion,
  platform: Platform,
  architecture: Architecture,
): MeasuredRow {
  if (platform === "linux" && architecture !== "arm64") return row;
  const { "runtime.gilstate.tstate_current": measured, ...rest } = row;
  const holder = gilHolders[platform === "linux" ? `linux ${architecture}` : platform]?.[minor];
  const withHolder =
    measured === undefined || holder === undefined
      ? rest
      : { ...rest, "runtime.gilstate.tstate_current": holder };
  return platform === "win32" ? rowWithShortLong(withHolder) : withHolder;
}

/** Windows: C's `long` is 4 bytes. Measured by compiling the headers with `int` for `long`. */
function rowWithShortLong(row: MeasuredRow): MeasuredRow {
  // The two thread ids are in front of the stack (3.11+).
  const withIds = moved(row, -4, ["ts.native_thread_id"]);
  const withStack = moved(withIds, -8, ["ts.datastack_chunk", "ts.datastack_top"]);
  // The hash in front of the text of a 2.x `str` is a long.
  return row["string2.ob_sval"] === undefined
    ? withStack
    : moved(withStack, -4, ["string2.ob_sval", "bytes.ob_sval"]);
}

function moved(row: MeasuredRow, bytes: number, keys: readonly MeasuredKey[]): MeasuredRow {
  const changed: Partial<Record<MeasuredKey, number>> = { ...row };
  for (const key of keys) {
    const value = row[key];
    if (value !== undefined) changed[key] = value + bytes;
  }
  return changed;
}
