/** Instances of classes without a base class, and these classes (2.x): Include/classobject.h. */
import { wordsOf } from "./words.js";

/** An `instance` (`PyInstanceObject`): addresses of its class and of the dict of its attributes. */
export const decodeOldInstance = wordsOf({ class: 0, dict: 1 });

/** A `classobj` (`PyClassObject`): addresses of its dict and of its name, a `str`. */
export const decodeOldClass = wordsOf({ dict: 1, name: 2 });
