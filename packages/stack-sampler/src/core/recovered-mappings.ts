import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  type BinaryImage,
  type ByteSource,
  type CoreFile,
  type CoreMapping,
  openImage,
  openLoadedImage,
} from "@pyspy/binary-symbols";
import type { Address, MemoryReader } from "@pyspy/proc-memory";
import { openRegularFile, unlessDamaged } from "./binary-files.js";
import type { FilePlaces } from "./file-places.js";

const PAGE = 4096;
/** More than any binary takes in memory; what of that is there, memory knows. */
const MOST_BINARY_BYTES = 2 ** 40;

/**
 * Which binaries were mapped where, of a core that has lost the note that tells it (`NT_FILE`). The first page of each
 * binary is in a core, and begins with a header that says how the rest of it lies in memory. What its file is called is not there; files
 * that are told are known by their build ids.
 */
export function recoveredMappings(
  { segments }: CoreFile,
  memory: MemoryReader,
  places: FilePlaces,
): readonly CoreMapping[] {
  const names = namesByBuildId(places);
  const mappings: CoreMapping[] = [];
  let end = 0;
  for (const { imageOffset: start } of segments) {
    if (start < end) continue;
    const image = unlessDamaged(() => openLoadedImage(memoryFrom(memory, start), start));
    if (image === undefined) continue;
    const name = names.get(unlessDamaged(() => image.buildId) ?? "");
    for (const mapping of mappingsOf(image, start, name ?? `[binary at 0x${start.toString(16)}]`)) {
      // Memory is untrusted: what is no binary may begin like one.
      if (mapping.start < end) break;
      mappings.push(mapping);
      end = mapping.end;
    }
  }
  return mappings;
}

function memoryFrom(memory: MemoryReader, start: Address): ByteSource {
  return {
    size: MOST_BINARY_BYTES,
    read: (offset, length) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, memory.readInto(start + offset, bytes));
    },
  };
}

function mappingsOf(image: BinaryImage, start: Address, path: string): CoreMapping[] {
  const bias = image.loadBias({ address: start, fileOffset: 0, executable: false });
  if (bias === undefined) return [];
  return image.segments
    .filter(({ fileSize }) => fileSize > 0)
    .map(({ imageOffset, fileOffset, fileSize }) => ({
      start: bias + imageOffset - (imageOffset % PAGE),
      end: Math.ceil((bias + imageOffset + fileSize) / PAGE) * PAGE,
      fileOffset: fileOffset - (fileOffset % PAGE),
      path,
    }));
}

function namesByBuildId({ executable, librarySearchPath = [] }: FilePlaces): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const told = executable === undefined ? [] : [executable];
  const found = librarySearchPath.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  for (const path of [...told, ...found]) {
    using file = openRegularFile(path);
    const buildId = file && unlessDamaged(() => openImage(file).buildId);
    if (buildId !== undefined && !names.has(buildId)) names.set(buildId, path);
  }
  return names;
}
