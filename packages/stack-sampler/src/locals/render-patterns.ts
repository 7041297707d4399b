import { writeSlice } from "./render-scalars.js";
import type { Renderer } from "./rendering.js";

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

/** `re.compile('a.b', re.DOTALL)`: behind the size of the code the number of groups, two tables, the pattern, the flags. */
const renderPattern: Renderer = (rendering, object) => {
  const { out, isPython2 } = rendering;
  const pattern = rendering.field(object, 4);
  const kind = rendering.read(pattern)?.type.kind;
  if (isPython2 || (kind !== "unicode" && kind !== "bytes")) return false;
  out.write("re.compile(");
  const start = out.text.length;
  rendering.value(pattern);
  rendering.cut(start, 200, "");
  const all = rendering.intField(object, 5);
  // What a text is matched by if nothing is said is not told.
  const flags = kind === "unicode" && (all & ALPHABETS) === UNICODE ? all & ~UNICODE : all;
  const names = flagNames.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => `re.${name}`);
  const rest = flags & ~0x1ff;
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  out.write(names.length === 0 ? ")" : `, ${names.join("|")})`);
  return true;
};

/**
 * `<re.Match object; span=(0, 2), match='ab'>`: behind a size the text, a cache, the pattern, where it was to start and end,
 * two numbers of groups, and where each group starts and ends, the whole first.
 */
const renderMatch: Renderer = (rendering, object) => {
  const { out, isPython2 } = rendering;
  const text = rendering.read(rendering.field(object, 1));
  const [from, to] = [rendering.field(object, 8), rendering.field(object, 9)];
  if (isPython2 || text === undefined) return false;
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

export const patternRenderers: readonly (readonly [name: string, render: Renderer])[] = [
  ["re.Pattern", renderPattern],
  ["re.Match", renderMatch],
  ["_sre.SRE_Pattern", renderPattern],
  ["_sre.SRE_Match", renderMatch],
];
