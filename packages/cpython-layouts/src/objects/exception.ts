/** Exceptions: Include/cpython/pyerrors.h. */
import { wordsOf } from "./words.js";

/** Any exception (`PyBaseExceptionObject`): the address of a tuple of its arguments. */
export const decodeException = wordsOf({ args: 1 });

/** `ImportError` (`PyImportErrorObject`) of 3.11 and later: addresses of what was to be imported and of its file, or 0. */
export const decodeImportError = wordsOf({ name: 8, path: 9 });
