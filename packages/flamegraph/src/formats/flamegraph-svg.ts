/// <reference path="../svg/raw-text.d.ts" />
import { printableName } from "../printable-text.js";
import type { CodeOrigin } from "../source-file.js";
import type { StackTree } from "../stack-tree.js";
import { type FrameBox, layOutFrames } from "../svg/frame-boxes.js";
import { colourOf, colourOfOrigin, ORIGIN_NAMES } from "../svg/palette.js";
import { STYLESHEET } from "../svg/stylesheet.js";
import viewer from "../svg/viewer.browser.js?raw";
import { xmlText } from "../svg/xml-text.js";
import { rateText } from "../taken-rate.js";

/** What a flame graph says beside its frames, and how much of it is drawn. */
export interface FlamegraphOptions {
  /** Default: the profile's title, else its command. */
  readonly title?: string;
  /** The line below the title. Default: samples, duration, rate and start of the profile. */
  readonly subtitle?: string;
  /** Frames narrower than this percentage of all samples are left out. Default 0.1. */
  readonly minWidth?: number;
}

// Pixels. ROW and MARGIN are known to the viewer, too.
const WIDTH = 1200;
const MARGIN = 16;
const ROW = 20;
const HEADER = 84;
const CHARACTER = 7.25;

/**
 * Draws `tree` as a flame graph with the root on top: one SVG file that needs nothing beside it. In a browser
 * it fills the width, zooms on a click, searches (Ctrl-F, regular expressions) and describes what the pointer or the
 * keyboard is on; any other viewer shows it as it stands.
 *
 * The ids (`#frames`, `#title`, `#details`, `#unzoom`, `#search`, `#matched`), the groups
 * `<g><title>name (N samples, P%)</title><rect/><text/></g>` and the attributes `fg:x`, `fg:w` are those of inferno and
 * py-spy, so that programs that read their files read these. Names may hold any character.
 *
 * ```ts
 * writeFileSync("profile.svg", renderFlamegraphSvg(foldStacks(profile)));
 * ```
 */
export function renderFlamegraphSvg(tree: StackTree, options: FlamegraphOptions = {}): string {
  const boxes = layOutFrames(tree, (tree.samples * (options.minWidth ?? 0.1)) / 100);
  const rows = boxes.reduce((deepest, { depth }) => Math.max(deepest, depth), 1) + 1;
  const height = HEADER + rows * ROW + MARGIN;
  const title = options.title ?? titleOf(tree);
  return `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:fg="http://github.com/jonhoo/inferno" version="1.1" class="static" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">
<title>${xmlText(title)}</title>
<style>${STYLESHEET}</style>
<rect id="background" width="100%" height="100%" fill="#fffdf9"/>
<svg id="frames" x="${MARGIN}" width="${WIDTH - 2 * MARGIN}" total_samples="${tree.samples}" data-top="${HEADER}">
${boxes.map((box) => frameElement(box, tree.samples)).join("\n")}
</svg>
${boxes.length === 0 ? `<text id="empty" x="${MARGIN}" y="${HEADER + ROW}">There are no samples to show.</text>` : ""}
<g id="header">
<rect class="cover" width="100%" height="${HEADER - 4}" fill="#fffdf9"/>
<text id="title" x="${MARGIN}" y="28">${xmlText(title)}</text>
<text id="subtitle" x="${MARGIN}" y="48">${xmlText(options.subtitle ?? subtitleOf(tree))}</text>
<text id="details" x="${MARGIN}" y="72"></text>
<text id="unzoom" class="end hide" x="100%" dx="-312" y="28">Reset Zoom</text>
<text id="search" class="end" x="100%" dx="-248" y="28">Search</text>
<text id="matched" class="end hide" x="100%" dx="-${MARGIN}" y="72"></text>
${legend(boxes)}
</g>
<script><![CDATA[
${viewer}]]></script>
</svg>
`;
}

function frameElement({ label, depth, start, samples }: FrameBox, all: number): string {
  const name = printableName(label.text);
  const share = depth === 0 ? "100%" : percent(samples, all);
  const x = position(start, all);
  const width = position(samples, all);
  const y = HEADER + depth * ROW;
  const columns = Math.floor(((samples / all) * (WIDTH - 2 * MARGIN) - 8) / CHARACTER);
  const shown = columns < 3 ? "" : truncate(name, columns);
  return (
    `<g><title>${xmlText(name)} (${countOf(samples)}, ${share})</title>` +
    `<rect x="${x}" y="${y}" width="${width}" height="${ROW - 1}" rx="2" fill="${colourOf(label)}" fg:x="${start}" fg:w="${samples}"/>` +
    `<text x="${x}" dx="4" y="${y + 14}">${xmlText(shown)}</text></g>`
  );
}

function truncate(name: string, columns: number): string {
  const characters = Array.from(name);
  return characters.length <= columns ? name : `${characters.slice(0, columns - 1).join("")}…`;
}

/** Names the colours, where there is more than one to tell apart. */
function legend(boxes: readonly FrameBox[]): string {
  const present = new Set(boxes.map(({ label }) => label.origin));
  const origins = ORIGINS.filter((origin) => present.has(origin));
  if (origins.length < 2) return "";
  const entries = origins.map(
    (origin) => `<tspan style="fill:${colourOfOrigin(origin)}">■</tspan> ${ORIGIN_NAMES[origin]}`,
  );
  return `<text id="legend" class="end" x="100%" dx="-${MARGIN}" y="48">${entries.join("\u2003")}</text>`;
}

const ORIGINS: readonly CodeOrigin[] = ["own", "library", "standard-library", "native", "runtime"];

function titleOf({ metadata }: StackTree): string {
  return metadata.title ?? (metadata.command.join(" ") || "Flame graph");
}

function subtitleOf({ metadata, duration, rate, samples }: StackTree): string {
  const facts = [countOf(samples)];
  if (duration > 0) facts.push(`${(duration / 1e9).toFixed(duration < 1e10 ? 2 : 1)} s`);
  if (metadata.rate > 0) facts.push(rateText(rate, metadata.rate));
  const start = new Date(metadata.startTime);
  if (metadata.startTime > 0) facts.push(`${start.toISOString().slice(0, 16).replace("T", " ")} UTC`);
  return facts.join(" · ");
}

const integers = new Intl.NumberFormat("en-US");

function countOf(samples: number): string {
  return `${integers.format(samples)} ${samples === 1 ? "sample" : "samples"}`;
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(2)}%`;
}

function position(samples: number, all: number): string {
  return `${((100 * samples) / all).toFixed(4)}%`;
}
