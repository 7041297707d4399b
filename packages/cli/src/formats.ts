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

/** What a profile in a few numbers can be written as. */
export const summaryFormatNames = ["table", "markdown", "json"] as const satisfies readonly Format[];

export type Format = (typeof formatNames)[number];
