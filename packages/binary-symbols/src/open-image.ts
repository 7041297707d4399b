import type { ByteSource } from "./byte-source.js";
import { fileContents, memoryContents } from "./elf/contents.js";
import { ElfImage, segmentsOf } from "./elf/elf-image.js";
import { readElfHeader } from "./elf/header.js";
import type { BinaryImage } from "./image.js";

const NO_SECTION_HEADERS = { fileOffset: 0, count: 0, nameIndex: 0 };

/**
 * Opens a binary from the bytes of its file. Only the header and the program headers are read now; what is
 * asked for later is read then, so the source must stay open, and a later question can throw too.
 * Throws {@link ParseError}.
 *
 * ```ts
 * using file = openFileSource("/proc/1234/exe");
 * const runtime = openImage(file).symbol("_PyRuntime");
 * ```
 */
export function openImage(source: ByteSource): BinaryImage {
  const header = readElfHeader(source);
  const segments = segmentsOf(header);
  return new ElfImage(header, segments, fileContents(source, segments));
}

/**
 * Opens a binary from the memory where it is loaded: position 0 of the source is the first byte of its first
 * mapping (the ELF header), which is at `address` in its process. Memory has no section headers, so there are no
 * sections and the symbols are those of `.dynsym`. Throws {@link ParseError}.
 *
 * ```ts
 * const size = lastMapping.end - firstMapping.start;
 * const source = { size, read: (offset, length) => readMemory(firstMapping.start + offset, length) };
 * const image = openLoadedImage(source, firstMapping.start);
 * ```
 */
export function openLoadedImage(source: ByteSource, address: number): BinaryImage {
  const header = { ...readElfHeader(source), sectionHeaders: NO_SECTION_HEADERS };
  const segments = segmentsOf(header);
  return new ElfImage(header, segments, memoryContents(source, segments, address));
}
