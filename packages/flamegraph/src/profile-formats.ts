import type { FormatWriter } from "./formats/format-options.js";

/** A format that profiles can be written in. */
export interface ProfileFormat {
  /** Of its files, without the first dot. */
  readonly extension: string;
  /** In a few words, for a list of formats. */
  readonly description: string;
  /** Whether files are text; what is not does not belong on a terminal. */
  readonly text: boolean;
  /** Loads what writes it: no format costs anything until it is asked for. */
  load(): Promise<FormatWriter>;
}

/** What `writer` writes, its short texts joined: a system call for each would cost more than making them. */
function joined(writer: FormatWriter): FormatWriter {
  return function* (profile, options) {
    let text = "";
    for (const piece of writer(profile, options)) {
      if (typeof piece === "string") text += piece;
      if (text !== "" && (text.length >= TEXT_AT_ONCE || typeof piece !== "string")) {
        yield text;
        text = "";
      }
      if (typeof piece !== "string") yield piece;
    }
    if (text !== "") yield text;
  };
}

const TEXT_AT_ONCE = 65_536;

/**
 * Every format, by the name that people choose it by.
 *
 * ```ts
 * const write = await profileFormats.speedscope.load();
 * for (const piece of write(profile, { threads: true })) file.write(piece);
 * ```
 */
export const profileFormats = {
  flamegraph: {
    extension: "svg",
    description: "flame graph for the browser",
    text: true,
    load: async () => joined((await import("./formats/tree-formats.js")).flamegraph),
  },
  raw: {
    extension: "txt",
    description: "collapsed stacks, one a line",
    text: true,
    load: async () => joined((await import("./formats/tree-formats.js")).raw),
  },
  speedscope: {
    extension: "speedscope.json",
    description: "for https://www.speedscope.app",
    text: true,
    load: async () => joined((await import("./formats/speedscope.js")).speedscope),
  },
  chrometrace: {
    extension: "trace.json",
    description: "trace events, for https://ui.perfetto.dev",
    text: true,
    load: async () => joined((await import("./formats/chrometrace.js")).chrometrace),
  },
  pprof: {
    extension: "pb.gz",
    description: "for go tool pprof, Pyroscope, Parca",
    text: false,
    load: async () => joined((await import("./formats/pprof.js")).pprof),
  },
  firefox: {
    extension: "firefox.json",
    description: "for https://profiler.firefox.com",
    text: true,
    load: async () => joined((await import("./formats/firefox.js")).firefox),
  },
  callgrind: {
    extension: "callgrind",
    description: "for KCachegrind and callgrind_annotate",
    text: true,
    load: async () => joined((await import("./formats/callgrind.js")).callgrind),
  },
  pstats: {
    extension: "pstats",
    description: "for python3 -m pstats, snakeviz",
    text: false,
    load: async () => joined((await import("./formats/pstats.js")).pstats),
  },
  otlp: {
    extension: "otlp.pb",
    description: "OpenTelemetry profiles",
    text: false,
    load: async () => joined((await import("./formats/otlp.js")).otlp),
  },
  jsonl: {
    extension: "jsonl",
    description: "every sample as a line of JSON",
    text: true,
    load: async () => joined((await import("./formats/jsonl.js")).jsonl),
  },
  json: {
    extension: "json",
    description: "summary by function and thread, for scripts",
    text: true,
    load: async () => joined((await import("./formats/summary-json.js")).summaryJson),
  },
  markdown: {
    extension: "md",
    description: "summary for an issue or a pull request",
    text: true,
    load: async () => joined((await import("./formats/summary-table.js")).summaryMarkdown),
  },
  table: {
    extension: "txt",
    description: "summary for the terminal",
    text: true,
    load: async () => joined((await import("./formats/summary-table.js")).summaryTable),
  },
  pyspy: {
    extension: "pyspy",
    description: "recording that can be turned into every other format",
    text: false,
    load: async (): Promise<FormatWriter> => (await import("./formats/recording.js")).recording,
  },
} satisfies Record<string, ProfileFormat>;

/** The name of a format. */
export type ProfileFormatName = keyof typeof profileFormats;
