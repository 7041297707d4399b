import type { PythonVersion } from "@pyspy/cpython-layouts";
import type { FloatDigits } from "./numbers.js";

/** What a version's `repr` looks like, where versions differ. */
export interface Spelling {
  /** `u` where strings of bytes are the usual ones. */
  readonly unicodePrefix: "u" | "";
  readonly bytesPrefix: "b" | "";
  /** Behind an integer that is a `long`. */
  readonly longSuffix: "L" | "";
  readonly floatDigits: FloatDigits;
  /** `set([1])` instead of `{1}`. */
  readonly hasListedSets: boolean;
  /** `<type 'int'>` for what no `class` statement made. */
  readonly builtinType: "type" | "class";
  /** `KeyError('a',)` */
  readonly hasCommaAfterOneArgument: boolean;
  /** `OrderedDict([('a', 1)])` instead of `OrderedDict({'a': 1})`. */
  readonly hasListedOrderedDicts: boolean;
  /** `<bound method Point.area of …>` by the class of the method, not by the qualified name of the function. */
  readonly namesBoundMethodsByClass: boolean;
  /** Subclasses of `deque`, `defaultdict` and `bytearray` are shown by their own name. */
  readonly namesSubclasses: boolean;
  /** Subclasses of a named tuple, too. */
  readonly namesSubclassesOfNamedTuples: boolean;
  /** A `bytearray` has `'` escaped in either quotes. */
  readonly escapesQuotesInByteArrays: boolean;
  /** `<flag 'Permission'>` instead of `<enum 'Permission'>`. */
  readonly namesFlags: boolean;
  /** `timedelta(days=1)` instead of `timedelta(1)`. */
  readonly namesTimeDeltaFields: boolean;
}

export function spellingOf({ major, minor }: PythonVersion): Spelling {
  const isPython2 = major < 3;
  return {
    unicodePrefix: isPython2 ? "u" : "",
    bytesPrefix: isPython2 ? "" : "b",
    longSuffix: isPython2 ? "L" : "",
    floatDigits: isPython2 && minor < 7 ? 17 : "shortest",
    hasListedSets: isPython2,
    builtinType: isPython2 ? "type" : "class",
    hasCommaAfterOneArgument: isPython2 || minor < 7,
    hasListedOrderedDicts: isPython2 || minor < 12,
    namesBoundMethodsByClass: isPython2,
    namesSubclasses: !isPython2 && minor >= 7,
    namesSubclassesOfNamedTuples: !isPython2,
    escapesQuotesInByteArrays: isPython2 || minor < 15,
    namesFlags: !isPython2 && minor >= 11,
    namesTimeDeltaFields: !isPython2 && minor >= 7,
  };
}
