import type { ByteSource } from "../byte-source.js";

/** A note of a core file, and where in the file its description is. */
export interface CoreNote {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
}

/** A dozen for each thread at most, and the kernel starts no more threads than that has room for. */
const MOST_NOTES = 1 << 22;
const HEADER_BYTES = 12;
/** `CORE` or `LINUX`; a note with another owner has types of its own. */
const OWNERS = new Set(["CORE", "LINUX"]);

/** The notes of one PT_NOTE segment as far as the file has them. Only their headers are read. */
export function notesOf(source: ByteSource, start: number, size: number): readonly CoreNote[] {
  const notes: CoreNote[] = [];
  const end = Math.min(start + size, source.size);
  for (let at = start; at + HEADER_BYTES <= end && notes.length < MOST_NOTES; ) {
    const bytes = source.read(at, HEADER_BYTES + 8);
    if (bytes.length < HEADER_BYTES) break;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const nameSize = view.getUint32(0, true);
    const descriptionSize = view.getUint32(4, true);
    const offset = at + HEADER_BYTES + aligned(nameSize);
    if (OWNERS.has(ownerIn(bytes, nameSize))) {
      notes.push({ type: view.getUint32(8, true), offset, size: descriptionSize });
    }
    at = offset + aligned(descriptionSize);
  }
  return notes;
}

function ownerIn(bytes: Uint8Array, nameSize: number): string {
  return String.fromCharCode(...bytes.subarray(HEADER_BYTES, HEADER_BYTES + Math.min(nameSize, 8))).replace(
    /\0.*$/s,
    "",
  );
}

/** Notes of core files are aligned to 4 bytes in both classes. */
function aligned(size: number): number {
  return Math.ceil(size / 4) * 4;
}
