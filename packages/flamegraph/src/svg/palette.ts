import type { CodeOrigin } from "../source-file.js";
import type { StackLabel } from "../stack-label.js";

/** A range of colours: hue in degrees, saturation and lightness in percent. */
interface ColourRange {
  readonly hue: readonly [from: number, to: number];
  readonly saturation: number;
  readonly lightness: readonly [from: number, to: number];
}

/**
 * Warm for Python, paler the further from the program's own code, cool for what is not Python. All are
 * light enough for dark text at a contrast of 7:1.
 */
const RANGES: Readonly<Record<CodeOrigin, ColourRange>> = {
  own: { hue: [15, 34], saturation: 88, lightness: [69, 78] },
  library: { hue: [50, 62], saturation: 70, lightness: [67, 79] },
  "standard-library": { hue: [26, 46], saturation: 36, lightness: [74, 84] },
  native: { hue: [188, 214], saturation: 36, lightness: [69, 80] },
  runtime: { hue: [260, 290], saturation: 18, lightness: [77, 82] },
  container: { hue: [210, 230], saturation: 12, lightness: [80, 85] },
};

/** What each origin is called in a legend. */
export const ORIGIN_NAMES: Readonly<Record<CodeOrigin, string>> = {
  own: "own code",
  library: "libraries",
  "standard-library": "standard library",
  native: "native code",
  runtime: "runtime",
  container: "processes, threads",
};

/** The colour of a frame, `#rrggbb`: the hue tells its file, the lightness its function. Equal labels look equal everywhere. */
export function colourOf(label: StackLabel): string {
  const { hue, saturation, lightness } = RANGES[label.origin];
  const name = label.text.replace(/:\d+\)$/, ")"); // the lines of one function look alike
  return hexColour(between(hue, hashUnit(label.file)), saturation, between(lightness, hashUnit(name)));
}

/** The colour that stands for an origin in a legend. */
export function colourOfOrigin(origin: CodeOrigin): string {
  const { hue, saturation, lightness } = RANGES[origin];
  return hexColour(between(hue, 0.5), saturation, between(lightness, 0.5));
}

function between([from, to]: readonly [number, number], share: number): number {
  return from + (to - from) * share;
}

/** A number from 0 to 1 made of `text` (FNV-1a, its low bits mixed down for short names). */
function hashUnit(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 0xffffffff;
}

/** HSL to sRGB, as CSS Color 4 §7.1 does. */
function hexColour(hue: number, saturation: number, lightness: number): string {
  const light = lightness / 100;
  const chroma = (saturation / 100) * Math.min(light, 1 - light);
  const channel = (offset: number): string => {
    const position = (offset + hue / 30) % 12;
    const value = light - chroma * Math.max(-1, Math.min(position - 3, 9 - position, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}
