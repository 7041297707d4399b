import { openImage, ParseError } from "@pyspy/binary-symbols";
import type { MappedFile } from "@pyspy/proc-memory";

/** Where a binary has a Python runtime, in the binary's own addresses. */
export interface RuntimePlace {
  /** `_PyRuntime` */
  readonly runtime: number;
  /** `Py_Version` (3.11+) */
  readonly version: number | undefined;
  /** Its variables, among which Python keeps the text of its version. */
  readonly variables: readonly { readonly offset: number; readonly size: number }[];
  /** What to add to get addresses, for a part of the file that is mapped at an address. */
  bias(mapping: { address: number; fileOffset: number }): number | undefined;
}

/** A segment that is larger holds more than a C program's variables. */
const MAX_VARIABLES_BYTES = 1 << 26;

/**
 * Looks into a file for `_PyRuntime`: the symbol (3.7+, exported in every normal build) or the section made for it
 * (3.10+, which survives strip). Undefined if the file is no Python, or no binary at all.
 */
export function findRuntimePlace(file: MappedFile): RuntimePlace | undefined {
  try {
    const image = openImage(file);
    const runtime = image.symbol("_PyRuntime")?.imageOffset ?? image.section(".PyRuntime")?.imageOffset;
    if (runtime === undefined) return undefined;
    return {
      runtime,
      version: image.symbol("Py_Version")?.imageOffset,
      variables: image.segments
        .filter((segment) => segment.writable && segment.memorySize <= MAX_VARIABLES_BYTES)
        .map((segment) => ({ offset: segment.imageOffset, size: segment.memorySize })),
      bias: (mapping) => image.loadBias(mapping),
    };
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}
