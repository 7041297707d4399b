/**
 * Text as Python writes it in source code. What comes from another process reaches a terminal only through here, so no
 * control character, no direction mark and no lone surrogate does.
 */

/** What Python's `str.isprintable` says of a character, as far as both know the same Unicode. */
const NOT_PRINTABLE = /^[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]$/u;

const shortEscapes: ReadonlyMap<number, string> = new Map([
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0d, "\\r"],
  [0x5c, "\\\\"],
]);

const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;

/** A string in quotes, and how many of its characters are in it. */
export interface Quoted {
  readonly text: string;
  readonly count: number;
}

/**
 * The beginning of a string in the quotes that Python would choose for it, at most `room` characters long with them.
 *
 * @param points - code points, or the bytes of a byte string
 * @param isPlain - whether a point above 0x7e stays as it is
 */
export function quote(points: Iterable<number>, room: number, isPlain: (point: number) => boolean): Quoted {
  const pieces: string[] = [];
  let length = 2;
  let quotes = 0;
  let doubleQuotes = 0;
  for (const point of points) {
    const piece = escapeOf(point, isPlain);
    length += piece.length;
    // Each quote may be escaped in the end.
    if (point === QUOTE) quotes += 1;
    if (point === DOUBLE_QUOTE) doubleQuotes += 1;
    if (length + (doubleQuotes > 0 ? quotes : 0) > room && pieces.length > 0) break;
    pieces.push(piece);
  }
  const text = pieces.join("");
  const hasQuote = text.includes("'");
  const isDouble = hasQuote && !text.includes('"');
  const mark = isDouble ? '"' : "'";
  return {
    text: mark + (hasQuote && !isDouble ? text.replaceAll("'", "\\'") : text) + mark,
    count: pieces.length,
  };
}

function escapeOf(point: number, isPlain: (point: number) => boolean): string {
  const short = shortEscapes.get(point);
  if (short !== undefined) return short;
  if (point >= 0x20 && point < 0x7f) return String.fromCharCode(point);
  if (point >= 0x80 && isPlain(point)) return String.fromCodePoint(point);
  if (point <= 0xff) return `\\x${hex(point, 2)}`;
  return point <= 0xffff ? `\\u${hex(point, 4)}` : `\\U${hex(point, 8)}`;
}

function hex(point: number, digits: number): string {
  return point.toString(16).padStart(digits, "0");
}

export function isPrintable(point: number): boolean {
  return point <= 0x10ffff && !NOT_PRINTABLE.test(String.fromCodePoint(point));
}

/** Text without quotes, such as a name: what cannot be printed is escaped, and what is too long is cut. */
export function plainText(text: string, room = 256): string {
  let escaped = "";
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    escaped += point === 0x5c ? "\\" : escapeOf(point, isPrintable);
    if (escaped.length > room) return `${escaped.slice(0, room)}...`;
  }
  return escaped;
}

export function hexAddress(address: number): string {
  return `0x${address.toString(16)}`;
}
