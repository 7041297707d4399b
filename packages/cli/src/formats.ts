import type { ProfileFormatName } from "@pyspy/flamegraph";

/**
 * What profiles can be written as. Named here as well, because the help and the arguments must not load what writes them.
 * The first is the default.
 */
export const formatNames = [
  "flamegraph",
  "raw",
  "speedscope",
  "chrometrace",
  "pprof",
  "firefox",
  "callgrind",
  "pstats",
  "otlp",
  "jsonl",
  "json",
  "markdown",
  "table",
  "pyspy",
] as const satisfies readonly ProfileFormatName[];

export type Format = (typeof formatNames)[number];
