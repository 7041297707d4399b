import { expect, test } from "vitest";
import { describeCoverage } from "./coverage.js";
import type { Python } from "./find-pythons.js";

function python(name: string, series: string, kind: Partial<Python> = {}): Python {
  const [major = 0, minor = 0] = series.split(".").map(Number);
  return {
    ...{ name, command: ["python"], executable: "python", source: "path" },
    ...{ freeThreaded: false, debug: false, shared: true, bits: 64 },
    version: { major, minor, micro: 0, release: "" },
    ...kind,
  };
}

const required = [
  python("2.7.18", "2.7"),
  python("3.6.15", "3.6"),
  python("3.7.16", "3.7"),
  python("3.8.18", "3.8"),
  python("3.9.2 (debug)", "3.9", { debug: true }),
  python("3.9.18", "3.9"),
  python("3.10.13", "3.10"),
  python("3.11.2", "3.11", { shared: false }),
  python("3.11.2 (32-bit)", "3.11", { shared: false, bits: 32 }),
  python("3.11.7", "3.11"),
  python("3.12.1", "3.12"),
  python("3.13.5t", "3.13", { freeThreaded: true }),
  python("3.13.18", "3.13"),
  python("3.14.10", "3.14"),
  python("3.14.10 (debug)", "3.14", { debug: true }),
  python("3.15.2", "3.15"),
];

test("a run on every required CPython names them", () => {
  expect(describeCoverage(required, true)).toBe(
    "ran on CPython 2.7.18, 3.6.15, 3.7.16, 3.8.18, 3.9.2 (debug), 3.9.18, 3.10.13, 3.11.2, 3.11.2 (32-bit), " +
      "3.11.7, 3.12.1, 3.13.5t, 3.13.18, 3.14.10, 3.14.10 (debug), 3.15.2; none of the required ones is missing",
  );
});

test("a run without some of them says which, by the names that provide them", () => {
  const here = required.filter(({ name }) => !["3.9.2 (debug)", "3.11.2", "3.13.5t"].includes(name));
  expect(describeCoverage(here.slice(0, 2), true)).toBe(
    "ran on CPython 2.7.18, 3.6.15; skipped, because this machine lacks them: 3.7, 3.8, 3.9, 3.9-debug, 3.10, " +
      "3.11-shared, 3.11-static, 3.11-32-bit, 3.12, 3.13, 3.13t, 3.14, 3.14-debug, 3.15",
  );
  expect(describeCoverage(here, true)).toMatch(
    /; skipped, because this machine lacks them: 3\.9-debug, 3\.11-static, 3\.13t$/,
  );
});

test("a machine that does not run 32-bit programs lacks none, and says so", () => {
  const here = required.filter(({ bits }) => bits === 64);
  expect(describeCoverage(here, true)).toMatch(/; skipped, because this machine lacks them: 3\.11-32-bit$/);
  expect(describeCoverage(here, false)).toMatch(
    /; none of the required ones is missing; 32-bit x86 programs do not run on this machine$/,
  );
});

test("a machine without CPython ran on none", () => {
  expect(describeCoverage([], true)).toMatch(
    /^ran on no CPython; skipped, because this machine lacks them: 2\.7, 3\.6,/,
  );
});
