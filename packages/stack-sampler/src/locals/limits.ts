import { matchesAny, type NamePatterns, namePatterns } from "../name-patterns.js";

/** How much of a value is shown, and what of it is not. */
export interface RenderOptions {
  /**
   * Characters of a value; what is longer is cut where it says so: `[0, 1, 2, ... 997 more]`. A little more can come,
   * because the marks and the brackets that close what was opened are not cut. Default 128.
   */
  readonly characters?: number;
  /** How deep containers are shown in one another. Default 100, at most 200. */
  readonly depth?: number;
  /** Levels of instances that are shown with their attributes: `<app.Point at 0x7f…: x=1, y=2>`. Default 0. */
  readonly attributes?: number;
  /** Decimal digits of an `int` that is a value of its own; a longer one is told by its size. Default 4300, which is Python's own limit. */
  readonly digits?: number;
  /** Objects that are looked at for a value. Default 2000. */
  readonly objects?: number;
  /** Bytes that are read for a value. Default 1 MiB. */
  readonly bytes?: number;
  /**
   * Hides the values of variables, attributes, members of enums and keys of dicts whose names match, and of `("name", value)`:
   * `<redacted>`. Default none.
   */
  readonly redact?: NamePatterns;
}

/** {@link RenderOptions} with nothing left open. */
export interface Limits {
  readonly characters: number;
  readonly depth: number;
  readonly attributes: number;
  readonly digits: number;
  readonly objects: number;
  readonly bytes: number;
  /** True for what is to be hidden; a name that could not be read is `undefined`. */
  isHidden(name: string | undefined): boolean;
}

/** Each level is a few calls of functions on the stack. */
const MAX_DEPTH = 200;

export function limitsOf(options: RenderOptions): Limits {
  const patterns = options.redact && namePatterns(options.redact);
  return {
    characters: options.characters ?? 128,
    depth: Math.min(options.depth ?? 100, MAX_DEPTH),
    attributes: options.attributes ?? 0,
    digits: options.digits ?? 4300,
    objects: options.objects ?? 2000,
    bytes: options.bytes ?? 2 ** 20,
    isHidden: (name) => patterns !== undefined && (name === undefined || matchesAny(patterns, name)),
  };
}
