/** What can be called, but for functions written in Python. */
import { wordsOf } from "./words.js";

/**
 * A `builtin_function_or_method` (`PyCFunctionObject`, Include/cpython/methodobject.h): addresses of its `PyMethodDef`,
 * which begins with that of its name, a C string; and of what it is a method of, its module, or 0.
 */
export const decodeBuiltin = wordsOf({ definition: 0, self: 1 });

/**
 * A bound method (`PyMethodObject`, Include/cpython/classobject.h): addresses of the function and the object, 0 if it is
 * bound to none (2.x).
 */
export const decodeMethod = wordsOf({ function: 0, self: 1 });

/** The same in 2.x (Include/classobject.h), where it has the address of the class, too. */
export const decodeMethod2 = wordsOf({ function: 0, self: 1, class: 2 });

/** A `functools.partial` (`partialobject`, Modules/_functoolsmodule.c): addresses of the function, a tuple and a dict. */
export const decodePartial = wordsOf({ function: 0, args: 1, keywords: 2 });
