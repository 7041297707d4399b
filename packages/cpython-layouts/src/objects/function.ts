import { ABSENT, type Layout } from "../layout.js";
import { viewOf, wordAt } from "../object-view.js";

/** The addresses of what a function refers to. */
export interface FunctionHeader {
  readonly code: number;
  /** `func_qualname`; in 2.x `func_name`. */
  readonly qualname: number;
  /** A tuple of cells, 0 if it uses no variables of functions around. */
  readonly closure: number;
}

/** The header of a function written in Python; undefined if the bytes are too few. */
export function decodeFunction(layout: Layout, object: Uint8Array): FunctionHeader | undefined {
  const { func_code, func_qualname, func_closure } = layout.function;
  // 2.x: func_code, func_globals, func_defaults, func_closure, func_doc, func_name.
  const name = func_qualname === ABSENT ? func_code + 5 * layout.pointerSize : func_qualname;
  if (object.length < Math.max(func_code, func_closure, name) + layout.pointerSize) return undefined;
  const view = viewOf(object);
  return {
    code: wordAt(layout, view, func_code),
    qualname: wordAt(layout, view, name),
    closure: wordAt(layout, view, func_closure),
  };
}

/** Address of what a cell holds, 0 if it is empty; undefined if the bytes are too few. */
export function decodeCell(layout: Layout, object: Uint8Array): number | undefined {
  return pointerIn(layout, object, layout.cell.ob_ref);
}

/** Address of what a weak reference refers to, that of `None` if it is gone; undefined if the bytes are too few. */
export function decodeWeakReference(layout: Layout, object: Uint8Array): number | undefined {
  return pointerIn(layout, object, layout.weakReference.wr_object);
}

function pointerIn(layout: Layout, object: Uint8Array, offset: number): number | undefined {
  return object.length < offset + layout.pointerSize ? undefined : wordAt(layout, viewOf(object), offset);
}
