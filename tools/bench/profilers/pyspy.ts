import { fileURLToPath } from "node:url";
import type { Profiler } from "./profiler.js";

/** The built command of this checkout. */
export const pyspyCommand: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL("../../../packages/cli/bin/pyspy.js", import.meta.url)),
];

export const pyspy: Profiler = {
  name: "pyspy",
  minors: [0, 99],
  dialect: "named",
  command: ({ pid, rate, seconds, output }) => [
    ...pyspyCommand,
    ...["record", "--pid", `${pid}`, "--rate", `${rate}`, "--format", "raw", "--output", output],
    ...(seconds === undefined ? [] : ["--duration", `${seconds}`]),
  ],
  sampledSeconds: (told) => numberIn(/ samples? in ([\d.]+) s /.exec(told)),
  torn: (told) => numberIn(/, (\d+) torn/.exec(told)) ?? 0,
};

function numberIn(match: RegExpExecArray | null): number | undefined {
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
