import { numpyArray } from "./numpy-layout.js";
import type { PythonType } from "./python-type.js";
import type { RemoteObject, Rendering } from "./rendering.js";

/** More dimensions than any array has. */
export const MAX_DIMENSIONS = 64;

export function isArray({ fullName }: PythonType): boolean {
  return fullName === "numpy.ndarray";
}

export function arrayShape(rendering: Rendering, object: RemoteObject): number[] | undefined {
  const count = rendering.intField(object, numpyArray.nd);
  if (count < 0 || count > MAX_DIMENSIONS) return undefined;
  const shape = rendering.objects.pointers(rendering.field(object, numpyArray.dimensions), count);
  return shape.length === count ? shape : undefined;
}

export function arrayDescriptor(rendering: Rendering, object: RemoteObject): RemoteObject | undefined {
  return rendering.read(rendering.field(object, numpyArray.descriptor));
}

export function shapeText(shape: readonly (number | string)[]): string {
  return `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
}
