/** Objects that are names and values. */
import { wordsOf } from "./words.js";

/** A `module` (`PyModuleObject`, Objects/moduleobject.c): the address of its dict. */
export const decodeModule = wordsOf({ dict: 0 });

/** A `types.SimpleNamespace` (`_PyNamespaceObject`, Objects/namespaceobject.c; 3.3+): the address of its dict. */
export const decodeNamespace = wordsOf({ dict: 0 });

/** A `sentinel` (Objects/sentinelobject.c, 3.15+): the address of its name. */
export const decodeSentinel = wordsOf({ name: 0 });
