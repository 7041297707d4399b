import type { Layout } from "../layout.js";
import { viewOf } from "../object-view.js";

/** The value of a `float`; undefined if the bytes are too few. */
export function decodeFloat({ float }: Layout, object: Uint8Array): number | undefined {
  return object.length < float.ob_fval + 8 ? undefined : viewOf(object).getFloat64(float.ob_fval, true);
}

/** The value of a `complex`; undefined if the bytes are too few. */
export function decodeComplex(
  { float }: Layout,
  object: Uint8Array,
): { real: number; imaginary: number } | undefined {
  if (object.length < float.cval + 16) return undefined;
  const view = viewOf(object);
  return { real: view.getFloat64(float.cval, true), imaginary: view.getFloat64(float.cval + 8, true) };
}
