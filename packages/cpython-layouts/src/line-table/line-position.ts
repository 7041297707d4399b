import type { Layout } from "../layout.js";

/** The position of a frame that has not started. */
const NOT_STARTED = -1;

/**
 * Where in its line table a frame is: bytes of bytecode up to 3.10, code units from 3.11 on; -1 for a frame that has
 * not started. Nothing is allocated.
 *
 * @param instruction - what the frame holds at `layout.frame.instruction`: an i32 up to 3.10, an address from 3.11 on
 * @param code - address of the code object; not used up to 3.10
 * @param bytecode - where the bytecode that the frame runs starts; only free-threaded builds have more than the
 *   one in the code object
 */
export function linePosition(
  layout: Layout,
  instruction: number,
  code: number,
  bytecode: number = code + layout.code.co_code_adaptive,
): number {
  switch (layout.frame.instructionKind) {
    case "lasti-bytes":
      return instruction;
    case "lasti-units":
      return instruction < 0 ? NOT_STARTED : instruction * 2;
    default: {
      const bytes = instruction - bytecode;
      return bytes < 0 ? NOT_STARTED : Math.floor(bytes / 2);
    }
  }
}
