import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { debugOffsetsFieldsOf } from "./debug-offsets-fields.js";
import { buildName, findHeaders } from "./headers.js";
import { measure } from "./measure.js";
import { readMeasuredFields, readMeasuredRows } from "./measured.js";
import { shippedBuilds, versionFiles, versionsFolder } from "./version-files.js";

const rows = readMeasuredRows();
const fields = readMeasuredFields();
const installed = findHeaders().map((headers) => ({
  name: `${buildName(headers)} (${headers.folders[0]})`,
  headers,
}));

describe("the headers of an installed CPython", () => {
  const measuredBefore = installed.filter(({ headers }) => buildName(headers) in rows);

  test.each(measuredBefore)("give the committed row again: $name", ({ headers }) => {
    expect(Object.entries(measure(headers))).toEqual(Object.entries(rows[buildName(headers)] ?? {}));
  });

  const withTable = installed.filter(({ headers }) => debugOffsetsFieldsOf(headers) !== undefined);

  test.each(withTable)(
    "name the fields of _Py_DebugOffsets as committed, and all of them: $name",
    ({ headers }) => {
      const names = debugOffsetsFieldsOf(headers) ?? [];
      expect(names).toEqual(fields[headers.version.split(".").slice(0, 2).join(".")]);
      expect(24 + 8 * names.length).toBe(measure(headers)["sizeof.debug_offsets"]);
    },
  );
});

test("the generated files of cpython-layouts are what the measured tables give", () => {
  const files = versionFiles(shippedBuilds(), rows, fields);
  for (const [name, text] of files) {
    expect(readFileSync(join(versionsFolder, name), "utf8"), name).toBe(text);
  }
  const expected = [...shippedBuilds().map((build) => `cpython-${build}.ts`), "i386.ts"];
  expected.push("measured-key.ts", "debug-offsets-fields.ts");
  expect([...files.keys()].sort()).toEqual(expected.sort());
});
