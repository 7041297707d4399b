import type { FileMapping, Segment } from "./image.js";

const PAGE_SIZE = 4096;

/**
 * The load bias that explains a mapping.
 *
 * Segments need not begin at a page of the file, so one page can be mapped twice, as the end of one segment
 * and as the beginning of the next. A mapping that begins with a segment's first page is most likely that
 * segment's; else it lies inside of one, or inside of one as systems with larger pages see it. Segments are in ascending
 * order of address, so the lowest mapping is always explained by the right one.
 */
export function loadBiasOf(
  segments: readonly Segment[],
  positionIndependent: boolean,
  { address, fileOffset, executable }: FileMapping,
): number | undefined {
  const biasIn = (segment: Segment) => address - (segment.imageOffset + fileOffset - segment.fileOffset);
  const possible = segments.filter((segment) => {
    const bias = biasIn(segment);
    return positionIndependent ? bias >= 0 : bias === 0;
  });
  const agreeing = possible.filter(
    (segment) => executable === undefined || segment.executable === executable,
  );
  for (const candidates of [agreeing, possible]) {
    const segment =
      candidates.find((each) => pageOf(each.fileOffset, PAGE_SIZE) === fileOffset) ??
      candidates.find((each) => holds(each, fileOffset, PAGE_SIZE)) ??
      candidates.find((each) => holds(each, fileOffset, each.alignment));
    if (segment) return biasIn(segment);
  }
  return undefined;
}

function holds(segment: Segment, fileOffset: number, pageSize: number): boolean {
  const end = segment.fileOffset + segment.fileSize;
  return (
    segment.fileSize > 0 &&
    fileOffset >= pageOf(segment.fileOffset, pageSize) &&
    fileOffset < pageOf(end + pageSize - 1, pageSize)
  );
}

function pageOf(offset: number, pageSize: number): number {
  return pageSize > 1 ? offset - (offset % pageSize) : offset;
}
