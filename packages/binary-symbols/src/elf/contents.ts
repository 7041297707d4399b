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
  /**
   * From `imageOffset` to the end of what the source has of its segment, and of those that follow it without a gap: a table
   * may begin in one and end in the next. Undefined if no segment holds it.
   */
  inImage(imageOffset: ImageOffset): ByteSource | undefined;
  /** Where a pointer of the dynamic section leads. */
  imageOffsetOf(pointer: number): ImageOffset;
}

const SMALLEST_PAGE = 4096;
/** More than any table goes through; damaged files may announce thousands. */
const MOST_SEGMENTS = 8;

/** The contents of a file. */
export function fileContents(source: ByteSource, segments: readonly Segment[]): ElfContents {
  return {
    inFile: (fileOffset, size, part) => partOf(source, fileOffset, size, part),
    inImage: (imageOffset) => {
      const parts: ByteSource[] = [];
      for (const { from, segment } of unbroken(segments, imageOffset, (each) => each.fileSize)) {
        const skipped = from - segment.imageOffset;
        const size = segment.fileSize - skipped;
        const part = clippedPart(source, segment.fileOffset + skipped, size);
        if (part !== undefined) parts.push(part);
        if (part?.size !== size) break;
      }
      return joined(parts);
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
  const isLoaded = (imageOffset: ImageOffset) =>
    holding(segments, imageOffset, (segment) => segment.memorySize) !== undefined;
  return {
    inFile: (offset, length, part) => {
      throw new ParseError("truncated", "memory has no positions by file offset", { part, offset, length });
    },
    inImage: (imageOffset) => {
      const run = unbroken(segments, imageOffset, (segment) => segment.memorySize);
      const last = run.at(-1)?.segment;
      if (!last) return undefined;
      const left = last.imageOffset + last.memorySize - imageOffset;
      return clippedPart(source, imageOffset - headerOffset, left);
    },
    // glibc adds the load bias to these pointers in place, musl leaves them as the file has them.
    imageOffsetOf: (pointer) => (isLoaded(pointer - bias) ? pointer - bias : pointer),
  };
}

type SizeOf = (segment: Segment) => number;

function holding(
  segments: readonly Segment[],
  imageOffset: ImageOffset,
  sizeOf: SizeOf,
): Segment | undefined {
  return segments.find(
    (segment) => imageOffset >= segment.imageOffset && imageOffset < segment.imageOffset + sizeOf(segment),
  );
}

/** The segment that holds `imageOffset`, and those that go on where it ends. */
function unbroken(
  segments: readonly Segment[],
  imageOffset: ImageOffset,
  sizeOf: SizeOf,
): readonly { readonly from: ImageOffset; readonly segment: Segment }[] {
  const run: { from: ImageOffset; segment: Segment }[] = [];
  let from = imageOffset;
  while (run.length < MOST_SEGMENTS) {
    const segment = holding(segments, from, sizeOf);
    if (!segment) break;
    run.push({ from, segment });
    from = segment.imageOffset + sizeOf(segment);
  }
  return run;
}

function joined(parts: readonly ByteSource[]): ByteSource | undefined {
  const [first] = parts;
  if (parts.length < 2) return first;
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  return {
    size,
    read: (offset, length) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      let filled = 0;
      let start = 0;
      for (const part of parts) {
        const wanted = Math.min(start + part.size - offset, bytes.length) - filled;
        if (wanted > 0) {
          const read = part.read(offset + filled - start, wanted);
          bytes.set(read, filled);
          filled += read.length;
          if (read.length < wanted) break;
        }
        start += part.size;
      }
      return bytes.subarray(0, filled);
    },
  };
}

function clippedPart(source: ByteSource, position: number, size: number): ByteSource | undefined {
  if (position < 0 || position >= source.size) return undefined;
  return partOf(source, position, Math.min(size, source.size - position), "segment");
}
