/**
 * `npm run layouts`: measures the struct layouts of every CPython on this machine by its headers.
 *
 *   npm run layouts                          compare with the committed tables and files; exit 1 if any differs
 *   npm run layouts -- --write [3.16.0 …]    add what is new to tools/layouts/measured, write the files of
 *                                            cpython-layouts again, and those of the builds named here
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { debugOffsetsFieldsOf } from "./debug-offsets-fields.js";
import { buildName, findHeaders } from "./headers.js";
import { measure, type Row } from "./measure.js";
import { readMeasuredFields, readMeasuredRows, writeMeasured } from "./measured.js";
import { shippedBuilds, versionFiles, versionsFolder } from "./version-files.js";

const { values: flags, positionals: added } = parseArgs({
  allowPositionals: true,
  options: { write: { type: "boolean", default: false } },
});

const rows: Record<string, Row> = { ...readMeasuredRows() };
const fields: Record<string, readonly string[]> = { ...readMeasuredFields() };
for (const headers of findHeaders()) {
  const build = buildName(headers);
  report(build, headers.folders[0] ?? "", rows[build], measure(headers), (row) => {
    rows[build] = row;
  });
  const series = headers.version.split(".").slice(0, 2).join(".");
  const names = debugOffsetsFieldsOf(headers);
  if (names === undefined) continue;
  report(`_Py_DebugOffsets of ${series}`, headers.version, fields[series], names, () => {
    fields[series] = names;
  });
}

const files = versionFiles([...new Set([...shippedBuilds(), ...added])], rows, fields);
for (const [name, text] of files) {
  const path = join(versionsFolder, name);
  if (flags.write) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) fail(`${name} is not what the measured tables give`);
}
if (flags.write) writeMeasured(rows, fields);

/** Compares with what is committed. What was measured before must not change; what is new is kept by --write. */
function report<Value>(
  what: string,
  source: string,
  known: Value | undefined,
  now: Value,
  keep: (now: Value) => void,
): void {
  if (known === undefined) {
    console.log(`${what.padEnd(24)} new, from ${source}`);
    keep(now);
  } else if (isDeepStrictEqual(known, now)) {
    console.log(`${what.padEnd(24)} as measured before`);
  } else {
    fail(`${what} of ${source} differs from what was measured before`);
  }
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
