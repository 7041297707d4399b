import type { Profiler } from "./profiler.js";

export const pySpyVersion = "0.4.2";

/** py-spy stops the target for each sample, unless it is told not to. */
export function pySpy(executable: string, extra: readonly string[] = []): Profiler {
  return {
    name: ["py-spy", pySpyVersion, ...extra].join(" "),
    minors: [3, 14],
    dialect: "named",
    command: ({ pid, rate, seconds, output }) => [
      ...[
        executable,
        "record",
        "--pid",
        `${pid}`,
        "--rate",
        `${rate}`,
        "--format",
        "raw",
        "--output",
        output,
      ],
      ...["--duration", seconds === undefined ? "unlimited" : `${seconds}`, ...extra],
    ],
    begins: /Sampling process/,
  };
}
