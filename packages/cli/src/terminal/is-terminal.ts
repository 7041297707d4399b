import { fstatSync } from "node:fs";

/**
 * Whether a descriptor is a terminal. Node's `tty` loads what speaks to networks, 6 % of what Node takes to start: it is asked only
 * about devices whose numbers do not tell.
 */
export function isTerminal(descriptor: number): boolean {
  try {
    const status = fstatSync(descriptor);
    if (!status.isCharacterDevice()) return false;
    if (process.platform === "linux") {
      const major = status.rdev >> 8;
      // `/dev/null` and the like; and the terminals of windows and of ssh: Documentation/admin-guide/devices.txt of Linux.
      if (major === 1) return false;
      if (major >= 136 && major <= 143) return true;
    }
  } catch {
    return false; // closed
  }
  return process.getBuiltinModule("node:tty").isatty(descriptor);
}
