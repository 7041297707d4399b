/** What the bodies of classes have, and what finds it there. */
import { wordsOf } from "./words.js";

/**
 * A method, slot, attribute or member of a class of C (`PyDescrObject`, Include/cpython/descrobject.h): addresses of its
 * class and its name.
 */
export const decodeDescriptor = wordsOf({ type: 0, name: 1 });

/**
 * A `method-wrapper` (`wrapperobject`, Objects/descrobject.c): addresses of the descriptor of a slot and of the object that
 * it is bound to.
 */
export const decodeMethodWrapper = wordsOf({ descriptor: 0, self: 1 });

/** A `classmethod` or `staticmethod` (Objects/funcobject.c): the address of what it makes one of. */
export const decodeMethodMark = wordsOf({ callable: 0 });

/**
 * A `super` (`superobject`, Objects/typeobject.c): addresses of the class, of the object and of its class, these 0 if it
 * has none.
 */
export const decodeSuper = wordsOf({ type: 0, object: 1, objectType: 2 });
