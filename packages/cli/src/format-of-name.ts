import { profileFormats } from "@pyspy/flamegraph";
import type { Format } from "./formats.js";

/** The one of `formats` whose files are named like that. Longer endings come first in the list of all: `.speedscope.json` is more than a `.json`. */
export function formatOfName(path: string, formats: readonly Format[]): Format | undefined {
  const name = path.toLowerCase();
  return formats.find((format) => name.endsWith(`.${profileFormats[format].extension}`));
}
