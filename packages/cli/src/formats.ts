/** What `record` can write: the name of each format and the extension of its files. */
export const formatExtensions = {
  flamegraph: "svg",
  raw: "txt",
} as const;

/** `flamegraph`: an SVG for the browser. `raw`: collapsed stacks, a line each. */
export type Format = keyof typeof formatExtensions;

export const formatNames = Object.keys(formatExtensions) as readonly Format[];
