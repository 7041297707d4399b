/**
 * Text that cannot do anything to a terminal: control characters, bidirectional overrides and lone surrogates
 * are shown as escapes. File names and command lines come from anywhere.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => {
    const known = names[character];
    if (known !== undefined) return known;
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

// Spelled out, because for the properties of characters (\p) ICU is asked, which is a part of what a dump takes to start.
const unprintable = /[^ -~\xa0-\u200d\u2010-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\u{10ffff}]/gu;
const names: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A JSON document that cannot do anything to a terminal either, with null for what is undefined. */
export function printableJson(value: unknown, shape: "indented" | "one line" = "indented"): string {
  const indent = shape === "indented" ? 2 : undefined;
  const text = JSON.stringify(value, (_, member: unknown) => member ?? null, indent);
  // JSON escapes the older control characters and lone surrogates itself, and none of these is outside of a string.
  return text.replace(/[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** A command line as one would type it into a shell: words with special characters are quoted. */
export function commandLine(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** The text, or its beginning and an ellipsis where it has more than `limit` characters. */
export function shortened(text: string, limit: number): string {
  const characters = [...text];
  return characters.length <= limit ? text : `${characters.slice(0, Math.max(0, limit - 1)).join("")}…`;
}

/** What is named one by one of many things that are the same. */
const MOST_NAMED = 12;

/** `a, b, c, and 5 more` */
export function someOf(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? `, and ${names.length - MOST_NAMED} more` : "";
  return names.slice(0, MOST_NAMED).join(", ") + more;
}
