import { type ByteSource, readExactly } from "../byte-source.js";
import type { BinaryImage } from "../image.js";
import { ParseError } from "../parse-error.js";

/** What a stripped file says of its debug file. */
export interface DebugLink {
  readonly name: string;
  /** The CRC-32 of the whole debug file. */
  readonly crc: number;
}

const CHUNK = 2 ** 20;

/**
 * What is in `.gnu_debuglink`: a name without folders, zeros up to a multiple of four, the CRC-32.
 * Source: GDB manual, "Debugging Information in Separate Files".
 */
export function readDebugLink(image: BinaryImage): DebugLink | undefined {
  const part = ".gnu_debuglink";
  const section = image.section(part);
  if (!section?.inFile) return undefined;
  const bytes = Buffer.from(image.sectionBytes(section));
  const nameEnd = bytes.indexOf(0);
  const crcAt = Math.ceil((nameEnd + 1) / 4) * 4;
  if (nameEnd < 0 || crcAt + 4 > bytes.length) {
    throw new ParseError("truncated", "it ends before its checksum", { part, length: bytes.length });
  }
  const name = bytes.toString("utf8", 0, nameEnd);
  if (name === "" || name.includes("/")) throw new ParseError("malformed", "it names no file", { part });
  return { name, crc: bytes.readUInt32LE(crcAt) };
}

/** The CRC-32 of everything in a source; the one thing about a debug file that takes reading all of it. */
export function checksumOf(source: ByteSource): number {
  const { crc32 } = process.getBuiltinModule("node:zlib");
  let crc = 0;
  for (let offset = 0; offset < source.size; ) {
    const length = Math.min(CHUNK, source.size - offset);
    const view = readExactly(source, offset, length, "debug file");
    crc = crc32(view, crc);
    offset += length;
  }
  return crc;
}
