import { ABSENT, type Layout } from "../layout.js";
import { type DataLocation, viewOf, wordAt } from "../object-view.js";
import { signedWordAt, wordOffset } from "./words.js";

/** What a `decimal.Decimal` of C says about its digits, which are the data: (-1) ** negative * digits * 10 ** exponent. */
export interface DecimalHeader extends DataLocation {
  readonly negative: boolean;
  /** Then the exponent says nothing; one that is no number can have digits, too. */
  readonly special: "Infinity" | "NaN" | "sNaN" | undefined;
  readonly exponent: number;
  /** How many digits there are. */
  readonly digits: number;
}

/**
 * The header of a `decimal.Decimal` of C (3.3+): `PyDecObject` of Modules/_decimal/_decimal.c is a hash and libmpdec's
 * `mpd_t` (Modules/_decimal/libmpdec/mpdecimal.h): flags, a byte; the exponent, how many digits, how many words, of how
 * many, and where they are.
 *
 * @returns undefined if these bytes are not such an object, or too few
 */
export function decimalHeader(layout: Layout, object: Uint8Array): DecimalHeader | undefined {
  if (object.length < wordOffset(layout, 7)) return undefined;
  const view = viewOf(object);
  const flags = view.getUint8(wordOffset(layout, 1));
  const digits = wordAt(layout, view, wordOffset(layout, 3));
  const words = wordAt(layout, view, wordOffset(layout, 4));
  if (words > Math.ceil(digits / digitsOfWord(layout))) return undefined;
  return {
    negative: (flags & 1) !== 0,
    special:
      (flags & 8) !== 0 ? "sNaN" : (flags & 2) !== 0 ? "Infinity" : (flags & 4) !== 0 ? "NaN" : undefined,
    exponent: Number(signedWordAt(layout, view, wordOffset(layout, 2))),
    digits,
    byteLength: words * layout.pointerSize,
    dataOffset: ABSENT,
    dataAddress: wordAt(layout, view, wordOffset(layout, 6)),
  };
}

/**
 * The digits of a decimal number without leading zeros. A word has as many as go into it, the lowest first.
 *
 * @param header - what {@link decimalHeader} returned
 * @param data - `header.byteLength` bytes from where the header says
 * @returns undefined if there are fewer
 */
export function decodeDecimalDigits(
  layout: Layout,
  { byteLength }: Pick<DecimalHeader, "byteLength">,
  data: Uint8Array,
): string | undefined {
  if (data.length < byteLength) return undefined;
  const { pointerSize } = layout;
  const view = viewOf(data);
  const words: string[] = [];
  for (let offset = byteLength - pointerSize; offset >= 0; offset -= pointerSize) {
    const word = pointerSize === 8 ? view.getBigUint64(offset, true) : view.getUint32(offset, true);
    words.push(String(word).padStart(digitsOfWord(layout), "0"));
  }
  return words.join("").replace(/^0+/, "");
}

/** `MPD_RDIGITS` */
function digitsOfWord({ pointerSize }: Layout): number {
  return pointerSize === 8 ? 19 : 9;
}
