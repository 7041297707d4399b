/** The formats that profiles can be read from. */
export type ReadableFormat = "pyspy" | "austin" | "tachyon" | "gzip" | "json" | "pprof" | "raw";

/** Tells the format of a file by its first bytes. Text is collapsed stacks and other bytes are pprof: neither has a mark of its own. */
export function recognise(bytes: Uint8Array): ReadableFormat {
  for (const [format, marks] of MARKS) {
    if (
      marks.some((mark) => [...mark].every((character, index) => bytes[index] === character.charCodeAt(0)))
    ) {
      return format;
    }
  }
  const start = bytes.subarray(0, 4096);
  const first = start.find((byte) => !SPACES.has(byte));
  if (first === 0x7b || first === 0x5b) return "json";
  return start.some((byte) => byte < 0x20 && !SPACES.has(byte)) ? "pprof" : "raw";
}

const MARKS: readonly (readonly [ReadableFormat, readonly string[]])[] = [
  ["pyspy", ["\xa5pyspy"]],
  ["austin", ["MOJ"]],
  // In either byte order.
  ["tachyon", ["HCAT", "TACH"]],
  ["gzip", ["\x1f\x8b"]],
];

/** Tab, line feed, carriage return, space. */
const SPACES = new Set([0x09, 0x0a, 0x0d, 0x20]);
