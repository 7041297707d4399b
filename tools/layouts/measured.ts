import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Row } from "./measure.js";

/** All rows ever measured, also of builds that are on no machine any more, by build name (`3.13.5t`). */
export type MeasuredRows = Readonly<Record<string, Row>>;

/** Field names of `_Py_DebugOffsets` by series (`3.14`). */
export type MeasuredFields = Readonly<Record<string, readonly string[]>>;

const rowsFile = fileURLToPath(new URL("measured/layouts.json", import.meta.url));
const fieldsFile = fileURLToPath(new URL("measured/debug-offsets.json", import.meta.url));

export function readMeasuredRows(): MeasuredRows {
  return JSON.parse(readFileSync(rowsFile, "utf8"));
}

export function readMeasuredFields(): MeasuredFields {
  return JSON.parse(readFileSync(fieldsFile, "utf8"));
}

export function writeMeasured(rows: MeasuredRows, fields: MeasuredFields): void {
  writeFileSync(rowsFile, `${JSON.stringify(rows, undefined, 2)}\n`);
  writeFileSync(fieldsFile, `${JSON.stringify(fields, undefined, 2)}\n`);
}
