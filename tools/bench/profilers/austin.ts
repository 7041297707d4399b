import type { Profiler } from "./profiler.js";

/** @param launcher the words that start it */
export function austin(launcher: readonly string[]): Profiler {
  return {
    name: "Austin 3.7.0",
    minors: [8, 13],
    dialect: "timed",
    command: ({ pid, rate, seconds, output }) => [
      ...[...launcher, "--interval", `${Math.max(1, Math.round(1e6 / rate))}us`, "--output", output],
      ...(seconds === undefined ? [] : ["--exposure", `${seconds}`]),
      ...["--pid", `${pid}`],
    ],
    sampledSeconds: (told) => {
      const microseconds = /^# duration: (\d+)$/m.exec(told)?.[1];
      return microseconds === undefined ? undefined : Number(microseconds) / 1e6;
    },
  };
}
