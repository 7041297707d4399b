import { type ByteSource, partOf } from "../byte-source.js";
import type { ImageOffset, Segment } from "../image.js";
import { ParseError } from "../parse-error.js";

/**
 * Where in a source the parts of an image are. An ELF file names places in two ways, by file offset and
 * by image offset; a source is either the file or the memory where the segments are mapped. This is the one
 * place that turns the former into positions in the latter.
 */
export interface ElfContents {
  /** Bytes of the file by file offset. Throws {@link ParseError} `truncated` if they are not in the source. */
  inFile(fileOffset: number, size: number, part: string): ByteSource;
  /** From `imageOffset` to the end of what the source has of its segment; undefined if no segment holds it. */
  inImage(imageOffset: ImageOffset): ByteSource | undefined;
  /** Where a pointer of the dynamic section leads. */
  imageOffsetOf(pointer: number): ImageOffset;
}

const SMALLEST_PAGE = 4096;

/** The contents of a file. */
export function fileContents(source: ByteSource, segments: readonly Segment[]): ElfContents {
  return {
    inFile: (fileOffset, size, part) => partOf(source, fileOffset, size, part),
    inImage: (imageOffset) => {
      const segment = segments.find(
        (candidate) =>
          imageOffset >= candidate.imageOffset && imageOffset < candidate.imageOffset + candidate.fileSize,
      );
      if (!segment) return undefined;
      const skipped = imageOffset - segment.imageOffset;
      return clippedPart(source, segment.fileOffset + skipped, segment.fileSize - skipped);
    },
    imageOffsetOf: (pointer) => pointer,
  };
}

/** The contents of mapped segments; position 0 of the source is where the ELF header is mapped, `address`. */
export function memoryContents(
  source: ByteSource,
  segments: readonly Segment[],
  address: number,
): ElfContents {
  const header = segments.find((segment) => segment.fileOffset < SMALLEST_PAGE) ?? segments[0];
  const headerOffset = header ? header.imageOffset - header.fileOffset : 0;
  const bias = address - headerOffset;
  const segmentOf = (imageOffset: ImageOffset) =>
    segments.find(
      (segment) =>
        imageOffset >= segment.imageOffset && imageOffset < segment.imageOffset + segment.memorySize,
    );
  return {
    inFile: (offset, length, part) => {
      throw new ParseError("truncated", "memory has no positions by file offset", { part, offset, length });
    },
    inImage: (imageOffset) => {
      const segment = segmentOf(imageOffset);
      if (!segment) return undefined;
      const left = segment.imageOffset + segment.memorySize - imageOffset;
      return clippedPart(source, imageOffset - headerOffset, left);
    },
    // glibc adds the load bias to these pointers in place, musl leaves them as the file has them.
    imageOffsetOf: (pointer) => (segmentOf(pointer - bias) ? pointer - bias : pointer),
  };
}

function clippedPart(source: ByteSource, position: number, size: number): ByteSource | undefined {
  if (position < 0 || position >= source.size) return undefined;
  return partOf(source, position, Math.min(size, source.size - position), "segment");
}
