/**
 * Characters that a name may hold and a line of text or an XML file may not, or that would make a line read
 * as something else: control characters, lone surrogates (Python's names of undecodable bytes), line and
 * paragraph separators, marks that turn the direction of writing, and the two code points that XML forbids.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;

/** `text` on one line, its unprintable characters written as Python would write them: `\n`, `\x1b`, `\udc80`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** As {@link printable}, for a name: one without a character is shown as `<unnamed>`. */
export function printableName(name: string): string {
  return printable(name) || UNNAMED;
}

/** Shown for an empty name. */
export const UNNAMED = "<unnamed>";

function escaped(character: string): string {
  switch (character) {
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    case "\t":
      return "\\t";
  }
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
