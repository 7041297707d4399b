import { ParseError } from "../parse-error.js";
import { type ElfClass, readWord } from "./structures.js";

const ELFCOMPRESS_ZLIB = 1;
const ELFCOMPRESS_ZSTD = 2;

/** Debug information of the largest programs; what a few bytes announce must not fill the memory. */
const LARGEST_UNPACKED_SECTION = 2 ** 28;

type Decompress = (data: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

/** Unpacks a section that is marked `SHF_COMPRESSED`. Source: System V gABI 4.3 draft, "Section Compression". */
export function unpackSection(packed: DataView, elfClass: ElfClass, part: string): Uint8Array {
  const { chdr } = elfClass;
  if (packed.byteLength < chdr.size) {
    throw new ParseError("truncated", `${packed.byteLength} bytes cannot hold a compression header`, {
      part,
    });
  }
  const size = readWord(packed, chdr.ch_size, elfClass);
  if (size > LARGEST_UNPACKED_SECTION) {
    throw new ParseError("unsupported", `it unpacks to ${size} bytes`, { part });
  }
  const decompress = decompressorOf(packed.getUint32(0, true), part);
  const data = new Uint8Array(packed.buffer, packed.byteOffset + chdr.size, packed.byteLength - chdr.size);
  const facts = { part, length: size };
  let unpacked: Uint8Array;
  try {
    unpacked = decompress(data, { maxOutputLength: Math.max(1, size) });
  } catch (cause) {
    throw new ParseError("malformed", "its compressed data cannot be unpacked", { ...facts, cause });
  }
  if (unpacked.length !== size) {
    const reason = `it unpacks to ${unpacked.length} bytes and announces ${size}`;
    throw new ParseError("malformed", reason, facts);
  }
  return unpacked;
}

function decompressorOf(type: number, part: string): Decompress {
  // Loaded with the first one: no common binary has such a section.
  const zlib = process.getBuiltinModule("node:zlib");
  if (type === ELFCOMPRESS_ZLIB) return zlib.inflateSync;
  if (type !== ELFCOMPRESS_ZSTD) {
    throw new ParseError("unsupported", `it is compressed in an unknown way (ch_type ${type})`, { part });
  }
  // Node has it since 22.15.
  const { zstdDecompressSync } = zlib as { readonly zstdDecompressSync?: Decompress };
  if (!zstdDecompressSync) {
    throw new ParseError(
      "unsupported",
      "it is compressed with zstd, which this version of Node cannot unpack",
      {
        part,
      },
    );
  }
  return zstdDecompressSync;
}
