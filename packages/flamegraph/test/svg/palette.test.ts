import { expect, test } from "vitest";
import type { CodeOrigin } from "../../src/index.js";
import { colourOf } from "../../src/svg/palette.js";

/** Relative luminance of `#rrggbb` (WCAG 2.2). */
function luminanceOf(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const ORIGINS: readonly CodeOrigin[] = [
  "own",
  "library",
  "standard-library",
  "native",
  "runtime",
  "container",
];

test.each(ORIGINS)("labels of %s can be read on every colour", (origin) => {
  const text = luminanceOf("#241c15");
  for (let index = 0; index < 2000; index++) {
    const colour = colourOf({ text: `f${index}`, file: `file${index % 97}.py`, origin });
    expect(colour).toMatch(/^#[0-9a-f]{6}$/);
    expect((luminanceOf(colour) + 0.05) / (text + 0.05), colour).toBeGreaterThan(7);
  }
});
