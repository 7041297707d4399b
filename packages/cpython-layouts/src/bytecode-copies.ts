import type { Layout } from "./layout.js";

/**
 * Where free-threaded builds of 3.14 and later keep the pointer to the bytecode that a frame runs: each thread has its own
 * copy. What is there is the `bytecode` that `linePosition` wants.
 *
 * @param copies - address of the `_PyCodeArray`: what the code object has at `layout.code.co_tlbc`
 * @param index - what the frame has at `layout.frame.tlbc_index`
 */
export function bytecodeCopySlot({ pointerSize }: Layout, copies: number, index: number): number {
  // The array's size is in front of its entries.
  return copies + pointerSize * (1 + index);
}
