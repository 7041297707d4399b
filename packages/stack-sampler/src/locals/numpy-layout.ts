/**
 * Where numpy's objects keep what is shown of them: numpy/core/include/numpy/ndarraytypes.h, which in numpy 2 is below
 * numpy/_core.
 */

/** `PyArrayObject`: words behind the header. `nd` is an int. */
export const numpyArray = { nd: 1, dimensions: 2, descriptor: 5 } as const;

/** `PyArray_Descr`: bytes behind the header, where pointers have 8 bytes. */
export interface DescriptorLayout {
  /** Type of its scalars. */
  readonly scalar: number;
  /** A character each. */
  readonly kind: number;
  readonly byteOrder: number;
  /** The lowest 8 of them are all that matters. */
  readonly flags: number;
  /** An int, or the lower half of a word. */
  readonly elsize: number;
  readonly alignment: number;
  /** Element and shape, if it is one of arrays. */
  readonly subarray: number;
  /** If it has fields, a dict of them and a tuple of their names. */
  readonly fields: number;
  readonly names: number;
  /** `PyArray_DatetimeDTypeMetaData` of a time. */
  readonly metadata: number;
  readonly size: number;
}

export const numpy1Descriptor: DescriptorLayout = {
  scalar: 0,
  kind: 8,
  byteOrder: 10,
  flags: 11,
  elsize: 16,
  alignment: 20,
  subarray: 24,
  fields: 32,
  names: 40,
  metadata: 64,
  size: 80,
};

/** `_PyArray_LegacyDescr`, which all but types of users are. */
export const numpy2Descriptor: DescriptorLayout = {
  scalar: 0,
  kind: 8,
  byteOrder: 10,
  flags: 16,
  elsize: 24,
  alignment: 32,
  subarray: 72,
  fields: 80,
  names: 88,
  metadata: 96,
  size: 104,
};

/** `PyArray_StringDTypeObject`: a word behind the header, behind what every descriptor of numpy 2 has. */
export const stringDescriptor = { na_object: 9 } as const;

/**
 * `PyArray_DatetimeDTypeMetaData`: two functions and two words that are kept free, then the unit and how many of it, ints.
 */
export const timeMetadata = { unit: 32, size: 8 } as const;
