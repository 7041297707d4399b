/** Template strings (3.14+). */
import { wordsOf } from "./words.js";

/** A `Template` (`templateobject`, Objects/templateobject.c): addresses of two tuples. */
export const decodeTemplate = wordsOf({ strings: 0, interpolations: 1 });

/** An `Interpolation` (`interpolationobject`, Objects/interpolationobject.c): addresses of its parts. */
export const decodeInterpolation = wordsOf({ value: 0, expression: 1, conversion: 2, formatSpec: 3 });
