import { decimalHeader, decodeDecimalDigits } from "@pyspy/cpython-layouts";
import { memberObject } from "./attributes.js";
import { smallInteger } from "./render-scalars.js";
import type { NamedRenderers, RemoteObject, Renderer, Rendering } from "./rendering.js";

/** What a decimal number is: (-1) ** sign * digits * 10 ** exponent; or `Infinity`, `NaN`, `sNaN`, which may have digits, too. */
interface DecimalParts {
  readonly isNegative: boolean;
  readonly digits: string;
  readonly exponent: number | "Infinity" | "NaN" | "sNaN";
}

/** `Decimal('1.5')` of C */
const renderDecimal: Renderer = (rendering, object) => {
  const { limits, layout, objects, out } = rendering;
  const header = decimalHeader(layout, object.bytes);
  if (header === undefined) return false;
  const room = rendering.isOutermost
    ? limits.digits
    : Math.min(limits.digits, Math.max(out.room, LEAST_DIGITS));
  if (header.digits > room) {
    out.mark(`Decimal(<${header.digits} digits>)`);
    return true;
  }
  const data = objects.data(object.address, object.bytes, header, header.byteLength);
  const digits = decodeDecimalDigits(layout, header, data);
  if (digits === undefined) return false;
  writeDecimal(rendering, {
    isNegative: header.negative,
    digits,
    exponent: header.special ?? header.exponent,
  });
  return true;
};

const LEAST_DIGITS = 40;

/** `Decimal('1.5')` of Python (2.x): `_sign`, `_int` and `_exp`. */
const renderDecimal2: Renderer = (rendering, object) => {
  const [sign, digits, exponent] = ["_sign", "_int", "_exp"].map((name) =>
    memberObject(rendering, object, name),
  );
  if (sign === undefined || digits === undefined || exponent === undefined) return false;
  const { objects } = rendering;
  const text = objects.text(digits.address, digits.type.kind === "unicode" ? "unicode" : "bytes");
  const letter = exponent.type.kind === "bytes" ? objects.text(exponent.address, "bytes") : undefined;
  const special = letter === "F" ? "Infinity" : letter === "n" ? "NaN" : letter === "N" ? "sNaN" : undefined;
  const number = letter === undefined ? smallInteger(rendering, exponent) : undefined;
  if (text === undefined || (special === undefined && number === undefined)) return false;
  writeDecimal(rendering, {
    isNegative: smallInteger(rendering, sign) === 1n,
    digits: special === "Infinity" ? "" : text.replace(/^0+/, ""),
    exponent: special ?? Number(number),
  });
  return true;
};

function writeDecimal({ out }: Rendering, { isNegative, digits, exponent }: DecimalParts): void {
  const text =
    typeof exponent === "number" ? finite(digits === "" ? "0" : digits, exponent) : exponent + digits;
  out.write(`Decimal('${isNegative ? "-" : ""}${text}')`);
}

/** `to-scientific-string` of the General Decimal Arithmetic Specification. */
function finite(digits: string, exponent: number): string {
  const adjusted = exponent + digits.length - 1;
  if (exponent > 0 || adjusted < -6) {
    const fraction = digits.slice(1);
    return `${digits.slice(0, 1)}${fraction === "" ? "" : `.${fraction}`}E${adjusted < 0 ? "-" : "+"}${Math.abs(adjusted)}`;
  }
  if (exponent === 0) return digits;
  const padded = digits.padStart(1 - exponent, "0");
  return `${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}

/** `Fraction(1, 3)` */
const renderFraction: Renderer = (rendering, object) => {
  const [numerator, denominator] = ["_numerator", "_denominator"].map((name) =>
    integerOf(rendering, memberObject(rendering, object, name)),
  );
  if (numerator === undefined || denominator === undefined) return false;
  const name = rendering.isPython2 ? "Fraction" : object.type.name;
  rendering.out.write(`${name}(${numerator}, ${denominator})`);
  return true;
};

/** Undefined if it is none, or too long to be shown. */
export function integerOf(rendering: Rendering, object: RemoteObject | undefined): bigint | undefined {
  const isInteger = object?.type.kind === "int" || object?.type.kind === "long";
  return isInteger ? smallInteger(rendering, object) : undefined;
}

export const numberRenderers: NamedRenderers = [["decimal.Decimal", renderDecimal]];

export const writtenNumberRenderers: NamedRenderers = [
  ["decimal.Decimal", renderDecimal2],
  ["fractions.Fraction", renderFraction],
];
