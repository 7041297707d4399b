/**
 * Numbers as Python writes them. The shortest digits that give a number back are the same everywhere; where a point or an
 * exponent goes is not: Python turns to exponents at 1e16 and below 1e-4, JavaScript at 1e21 and below 1e-6.
 */

/** How a version writes floats: as many digits as give the number back, or always up to 17 (2.3–2.6). */
export type FloatDigits = "shortest" | 17;

/** `repr` of a float. */
export function floatText(value: number, digits: FloatDigits): string {
  const text = shortFloatText(value, digits);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** `repr` of a complex number. */
export function complexText(real: number, imaginary: number, digits: FloatDigits): string {
  const imaginaryText = shortFloatText(imaginary, digits);
  if (real === 0 && !Object.is(real, -0)) return `${imaginaryText}j`;
  const sign = imaginaryText.startsWith("-") ? "" : "+";
  return `(${shortFloatText(real, digits)}${sign}${imaginaryText}j)`;
}

/** Without the `.0` that marks a float. */
function shortFloatText(value: number, digits: FloatDigits): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0";
  return digits === 17 ? placed(value.toExponential(16), 17) : placed(value.toExponential(), 16);
}

/** `1.25e+2` as `125`; numbers from 10 ** `largest` on, and very small ones, keep their exponent. */
function placed(exponential: string, largest: number): string {
  const [, sign = "", first = "", rest = "", exponentText = ""] =
    /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(exponential) ?? [];
  const exponent = Number(exponentText);
  const fraction = rest.replace(/0+$/, "");
  const digits = first + fraction;
  if (exponent < -4 || exponent >= largest) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${first}${fraction === "" ? "" : `.${fraction}`}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const decimals = digits.slice(exponent + 1);
  return `${sign}${whole}${decimals === "" ? "" : `.${decimals}`}`;
}

/**
 * `repr` of a float of fewer bits: the fewest digits that are nearer to it than to its neighbours.
 *
 * @param mantissa - bits of its fraction: 10 or 23
 */
export function narrowFloatText(value: number, mantissa: number): string {
  if (!Number.isFinite(value) || value === 0) return floatText(value, "shortest");
  const step = 2 ** (Math.floor(Math.log2(Math.abs(value))) - mantissa);
  for (let digits = 0; digits < 9; digits++) {
    const text = value.toExponential(digits);
    if (Math.abs(Number(text) - value) < step / 2) return floatText(Number(text), "shortest");
  }
  return floatText(value, "shortest");
}
