import type { Layout } from "./layout.js";

/**
 * How many bytes of an object to read for its header, whatever its kind; types want `layout.type.size`. Fewer are fine
 * where the memory ends: the functions that decode say what they could not do by returning undefined.
 */
export const OBJECT_READ_SIZE = 256;

/**
 * Where data that belongs to an object is, as its header says: in the object itself or elsewhere. Headers come from a
 * process that runs meanwhile, so `byteLength` can be anything up to 2^53: whoever reads decides what is too much.
 */
export interface DataLocation {
  /** Offset of the data in the object; `ABSENT` if it is elsewhere. */
  readonly dataOffset: number;
  /** Address of the data, if it is not in the object. */
  readonly dataAddress: number | undefined;
  readonly byteLength: number;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The pointer or `Py_ssize_t` at `offset`, as a number: exact up to 2^53, which all of user space is below. */
export function wordAt({ pointerSize }: Layout, view: DataView, offset: number): number {
  const low = view.getUint32(offset, true);
  return pointerSize === 4 ? low : low + view.getUint32(offset + 4, true) * 2 ** 32;
}

/** `ob_size` without its sign, and the sign. */
export function sizeAt(layout: Layout, view: DataView): number {
  const { ob_size, ob_size_width } = layout.object;
  const low = view.getUint32(ob_size, true);
  return ob_size_width === 4 ? low | 0 : low + view.getInt32(ob_size + 4, true) * 2 ** 32;
}

/** Bytes up to and with `ob_size`. */
export function sizedHeaderEnd({ object }: Layout): number {
  return object.ob_size + object.ob_size_width;
}

/** True if `count` things of `size` bytes can be a part of a process. */
export function isPlausible(count: number, size: number): boolean {
  return count >= 0 && count * size <= Number.MAX_SAFE_INTEGER;
}
