import type { Python } from "../../pythons/find-pythons.js";
import type { Profiler } from "./profiler.js";

/** CPython's own sampler, which samples the version that it comes with. Without markers that others do not have. */
export function profilingSampling(python: Python): Profiler {
  const { minor } = python.version;
  return {
    name: `profiling.sampling ${python.name}`,
    minors: [minor, minor],
    dialect: "placed",
    command: ({ pid, rate, seconds, output }) => [
      ...[...python.command, "-m", "profiling.sampling", "attach", "--all-threads", "--no-gc", "--collapsed"],
      ...["--sampling-rate", `${rate}`, "--output", output],
      ...(seconds === undefined ? [] : ["--duration", `${seconds}`]),
      `${pid}`,
    ],
    sampledSeconds: (told) => {
      const seconds = /samples in ([\d.]+) seconds/.exec(told)?.[1];
      return seconds === undefined ? undefined : Number(seconds);
    },
  };
}
