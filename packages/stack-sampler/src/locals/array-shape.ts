import type { PythonType } from "./python-type.js";
import type { RemoteObject, Rendering } from "./rendering.js";

/** More dimensions than any array has. */
export const MAX_DIMENSIONS = 64;

export function isArray({ fullName }: PythonType): boolean {
  return fullName === "numpy.ndarray";
}

/** `PyArrayObject`: data, nd (int), dimensions, strides, base, descr. */
export function arrayShape(rendering: Rendering, object: RemoteObject): number[] | undefined {
  const count = rendering.intField(object, 1);
  if (count < 0 || count > MAX_DIMENSIONS) return undefined;
  const shape = rendering.objects.pointers(rendering.field(object, 2), count);
  return shape.length === count ? shape : undefined;
}

export function arrayDescriptor(rendering: Rendering, object: RemoteObject): RemoteObject | undefined {
  return rendering.read(rendering.field(object, 5));
}

export function shapeText(shape: readonly (number | string)[]): string {
  return `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
}
