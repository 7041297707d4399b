import type { ElfContents } from "./contents.js";
import type { ElfHeader } from "./header.js";
import { type ElfSection, sectionContents } from "./section-table.js";
import { PT_NOTE } from "./structures.js";

const NT_GNU_BUILD_ID = 3;
const SHT_NOTE = 7;
const LARGEST_NOTES = 2 ** 16;

/**
 * The build id in hexadecimal. Sections are asked first: in a separate debug file the program headers are those of
 * the stripped file and lead nowhere.
 */
export function readBuildId(
  contents: ElfContents,
  header: ElfHeader,
  sections: readonly ElfSection[],
): string | undefined {
  for (const { section, sh_type } of sections) {
    if (sh_type !== SHT_NOTE) continue;
    const buildId = buildIdAmong(sectionContents(contents, section).read(0, LARGEST_NOTES), 4);
    if (buildId !== undefined) return buildId;
  }
  for (const { p_type, p_vaddr, p_filesz, p_align } of header.programHeaders) {
    if (p_type !== PT_NOTE) continue;
    const notes = contents.inImage(p_vaddr)?.read(0, Math.min(p_filesz, LARGEST_NOTES));
    const buildId = notes && buildIdAmong(notes, p_align === 8 ? 8 : 4);
    if (buildId !== undefined) return buildId;
  }
  return undefined;
}

function buildIdAmong(notes: Uint8Array, alignment: 4 | 8): string | undefined {
  const bytes = Buffer.from(notes.buffer, notes.byteOffset, notes.length);
  const aligned = (size: number) => Math.ceil(size / alignment) * alignment;
  for (let at = 0; at + 12 <= bytes.length; ) {
    const nameSize = bytes.readUInt32LE(at);
    const descriptionSize = bytes.readUInt32LE(at + 4);
    const nameAt = at + 12;
    const descriptionAt = at + aligned(12 + nameSize);
    const isBuildId =
      bytes.readUInt32LE(at + 8) === NT_GNU_BUILD_ID &&
      bytes.toString("latin1", nameAt, nameAt + nameSize) === "GNU\0";
    if (isBuildId && descriptionSize > 0 && descriptionAt + descriptionSize <= bytes.length) {
      return bytes.toString("hex", descriptionAt, descriptionAt + descriptionSize);
    }
    at = descriptionAt + aligned(descriptionSize);
  }
  return undefined;
}
