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
  /**
   * Where a combination of flags gets its name from: it has one, or it is made of its parts: members of a name, and bits
   * without one, either all or those that no member has (`uncovered`).
   */
  readonly flagParts: "all" | "uncovered" | "named";
  /** `<classmethod(<function f at 0x…>)>` instead of `<classmethod object at 0x…>`. */
  readonly showsMethodMarks: boolean;
  /** Files of `io` show `closefd=`, or if they are texts `mode=`. */
  readonly showsHowFilesAreOpen: boolean;
  /** `<slot wrapper '__init__'>` instead of `<slot wrapper '__init__' of 'object' objects>`. */
  readonly omitsObject: boolean;
  /** `ImportError('x', name='y')` instead of `ImportError('x')`. */
  readonly showsImportedName: boolean;
  /** What is in front of the number of those that wait for a lock of `asyncio`. */
  readonly waitersMark: ", waiters:" | ",waiters:";
  /** `<weakproxy at 0x…; to 'Point' at 0x…>` instead of `<weakproxy at 0x… to Point at 0x…>`. */
  readonly quotesWeakProxies: boolean;
  /** A subclass of `partial` is `app.Call(…)` instead of `Call(…)`. */
  readonly qualifiesPartials: boolean;
  /** Namespaces have their names in order. */
  readonly sortsNamespaces: boolean;
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
    flagParts: minor >= 11 ? "named" : minor >= 9 ? "uncovered" : "all",
    showsMethodMarks: !isPython2 && minor >= 10,
    showsHowFilesAreOpen: !isPython2,
    omitsObject: !isPython2 && minor >= 15,
    showsImportedName: !isPython2 && minor >= 15,
    waitersMark: minor >= 7 ? ", waiters:" : ",waiters:",
    quotesWeakProxies: !isPython2 && minor >= 13,
    qualifiesPartials: !isPython2 && minor >= 13,
    sortsNamespaces: isPython2 || minor < 9,
    namesTimeDeltaFields: !isPython2 && minor >= 7,
  };
}
