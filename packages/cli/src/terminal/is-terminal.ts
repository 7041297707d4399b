import { fstatSync } from "node:fs";

/** Whether a descriptor is a terminal. Node's `tty` loads what speaks to networks: it is asked only about what may be one. */
export function isTerminal(descriptor: number): boolean {
  try {
    if (!fstatSync(descriptor).isCharacterDevice()) return false;
  } catch {
    return false; // closed
  }
  return process.getBuiltinModule("node:tty").isatty(descriptor);
}
