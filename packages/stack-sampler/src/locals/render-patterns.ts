import { decodeMatch, decodePattern } from "@pyspy/cpython-layouts";
import { writeSlice } from "./render-scalars.js";
import type { NamedRenderers, Renderer } from "./rendering.js";

/** Flags of regular expressions, in the order in which they are shown. */
const flagNames: readonly (readonly [bit: number, name: string])[] = [
  [1, "TEMPLATE"],
  [2, "IGNORECASE"],
  [4, "LOCALE"],
  [8, "MULTILINE"],
  [16, "DOTALL"],
  [32, "UNICODE"],
  [64, "VERBOSE"],
  [128, "DEBUG"],
  [256, "ASCII"],
];
const UNICODE = 32;
const ALPHABETS = 4 | 32 | 256;

/** `re.compile('a.b', re.DOTALL)` */
const renderPattern: Renderer = (rendering, object) => {
  const { layout, out, isPython2 } = rendering;
  const pattern = isPython2 ? undefined : decodePattern(layout, object.bytes);
  const kind = pattern && rendering.read(pattern.text)?.type.kind;
  if (pattern === undefined || (kind !== "unicode" && kind !== "bytes")) return false;
  out.write("re.compile(");
  const start = out.text.length;
  rendering.value(pattern.text);
  rendering.cut(start, 200, "");
  const all = pattern.flags;
  // What a text is matched by if nothing is said is not told.
  const flags = kind === "unicode" && (all & ALPHABETS) === UNICODE ? all & ~UNICODE : all;
  const names = flagNames.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => `re.${name}`);
  const rest = flags & ~0x1ff;
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  out.write(names.length === 0 ? ")" : `, ${names.join("|")})`);
  return true;
};

/** `<re.Match object; span=(0, 2), match='ab'>` */
const renderMatch: Renderer = (rendering, object) => {
  const { layout, out, isPython2 } = rendering;
  const match = isPython2 ? undefined : decodeMatch(layout, object.bytes);
  const text = match && rendering.read(match.text);
  if (match === undefined || text === undefined) return false;
  const { start: from, end: to } = match;
  const start = out.text.length;
  out.write(`<${object.type.tpName} object; span=(${from}, ${to}), match=`);
  const beginning = out.text.length;
  if (!writeSlice(rendering, text, from, to)) {
    out.text = out.text.slice(0, start);
    return false;
  }
  rendering.cut(beginning, 50, "");
  out.write(">");
  return true;
};

export const patternRenderers: NamedRenderers = [
  ["re.Pattern", renderPattern],
  ["re.Match", renderMatch],
  ["_sre.SRE_Pattern", renderPattern],
  ["_sre.SRE_Match", renderMatch],
];
