import type { Address } from "@pyspy/proc-memory";
import { MAX_DIMENSIONS, shapeText } from "./array-shape.js";
import { renderInstance } from "./render-instances.js";
import type { Renderer, Rendering } from "./rendering.js";

/** `<torch.Tensor shape=(2, 3) dtype=float32>`: what C++ keeps of a tensor points back to the object. */
export const renderTensor: Renderer = (rendering, object) => {
  for (const field of [0, 1]) {
    const tensor = tensorAt(rendering, object.address, rendering.field(object, field));
    if (tensor === undefined) continue;
    rendering.out.mark(`<${object.type.fullName} shape=${shapeText(tensor.shape)} dtype=${tensor.dtype}>`);
    return true;
  }
  return renderInstance(rendering, object);
};

/**
 * `c10::TensorImpl` (2.x), whose beginning differs from release to release. From the pointer back on: the number of
 * dimensions, room for five sizes or a pointer to more, the same for strides, an offset, the number of elements, the type.
 */
function tensorAt(
  { objects }: Rendering,
  object: Address,
  implementation: Address,
): { readonly shape: readonly number[]; readonly dtype: string } | undefined {
  const words = objects.pointers(implementation, 24);
  const back = words.indexOf(object, 1);
  const [dimensions = MAX_DIMENSIONS, ...rest] = back < 0 ? [] : words.slice(back + 1);
  const [elements, type] = rest.slice(11);
  if (dimensions >= MAX_DIMENSIONS || type === undefined) return undefined;
  const shape = dimensions <= 5 ? rest.slice(0, dimensions) : objects.pointers(rest[0] ?? 0, dimensions);
  const isShape =
    shape.length === dimensions && shape.reduce((product, size) => product * size, 1) === elements;
  return isShape ? { shape, dtype: tensorTypes[type % 2 ** 16] ?? "?" } : undefined;
}

/** `c10::ScalarType` */
const tensorTypes: Readonly<Record<number, string>> = {
  0: "uint8",
  1: "int8",
  2: "int16",
  3: "int32",
  4: "int64",
  5: "float16",
  6: "float32",
  7: "float64",
  8: "complex32",
  9: "complex64",
  10: "complex128",
  11: "bool",
  15: "bfloat16",
};
