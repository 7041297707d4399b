/**
 * `npm test`: unit tests (cached by Nx), live tests one package after the other, and those of the tools; all of them,
 * also when some fail. The last line counts; the one before says on which CPythons; what failed is said before both.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { describeCoverage } from "./pythons/coverage.js";
import { findPythons } from "./pythons/find-pythons.js";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    /** Why the file could not be loaded; empty where it was. */
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** What failed, with its reasons, so that they are found at the end of what thousands of tests print. */
function describeFailures({ testResults }: Report): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const tests = assertionResults.filter(({ status }) => status === "failed");
    return [
      ...(message === "" ? [] : [`FAILED ${file}\n${message}`]),
      ...tests.map((test) => `FAILED ${file} > ${test.fullName}\n${test.failureMessages.join("\n")}`),
    ];
  });
}

const runs = [
  ["nx", "run-many", "-t", "test", "--output-style=static"],
  ["nx", "run-many", "-t", "test:live", "--parallel=1", "--output-style=static"],
  ["vitest", "run", "--root", "tools"],
];

const folders = ["tools", ...readdirSync("packages").map((name) => join("packages", name))];
const reports = folders.flatMap((folder) =>
  ["unit.json", "live.json"].map((name) => join(folder, "test-results", name)),
);
for (const report of reports) rmSync(report, { force: true });

let broken = 0;
for (const [tool = "", ...parameters] of runs) {
  const { status } = spawnSync(join("node_modules", ".bin", tool), parameters, { stdio: "inherit" });
  if (status !== 0) broken += 1;
}

let passed = 0;
let failed = 0;
for (const path of reports.filter((report) => existsSync(report))) {
  const report = JSON.parse(readFileSync(path, "utf8")) as Report;
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  for (const failure of describeFailures(report)) process.stdout.write(`${failure}\n\n`);
  // A file that could not be loaded has no tests that could fail.
  if (!report.success && report.numFailedTests === 0) {
    failed += 1;
    process.stdout.write(`FAILED beside the tests in ${path}\n\n`);
  }
}
if (broken > 0 && failed === 0) failed = broken;
process.exitCode = failed > 0 ? 1 : 0;
process.stdout.write(`${describeCoverage(findPythons())}\n`);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
