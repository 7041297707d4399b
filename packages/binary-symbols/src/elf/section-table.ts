import { type ByteSource, bufferByteSource, readExactly } from "../byte-source.js";
import type { Section } from "../image.js";
import { unpackSection } from "./compression.js";
import type { ElfContents } from "./contents.js";
import { checkedCount, type ElfHeader } from "./header.js";
import { StringTable } from "./string-table.js";
import { type ElfClass, readWord, SHT_NOBITS } from "./structures.js";

const SHN_XINDEX = 0xffff;
const SHF_ALLOC = 2;
const SHF_COMPRESSED = 0x800;

/** A section with what only ELF's own tables need to know of it. */
export interface ElfSection {
  readonly section: Section;
  readonly sh_type: number;
  readonly sh_link: number;
}

/** Every section but the empty first one; none if the file has no section headers. */
export function readSectionTable(contents: ElfContents, header: ElfHeader): readonly ElfSection[] {
  const { fileOffset, count: shnum, nameIndex: shstrndx } = header.sectionHeaders;
  if (fileOffset === 0) return [];
  const { elfClass } = header;
  const { shdr } = elfClass;
  const part = "section headers";

  // Numbers too large for their 16 bits are kept in the otherwise unused first section header.
  const first = readExactly(contents.inFile(fileOffset, shdr.size, part), 0, shdr.size, part);
  const count = shnum === 0 ? checkedCount(readWord(first, shdr.sh_size, elfClass), part) : shnum;
  const nameIndex = shstrndx === SHN_XINDEX ? first.getUint32(shdr.sh_link, true) : shstrndx;

  const size = count * shdr.size;
  const view = readExactly(contents.inFile(fileOffset, size, part), 0, size, part);
  const field = (index: number, at: number) => readWord(view, index * shdr.size + at, elfClass);
  const names =
    nameIndex > 0 && nameIndex < count
      ? readStrings(contents, field(nameIndex, shdr.sh_offset), field(nameIndex, shdr.sh_size))
      : new StringTable(new Uint8Array(0), "section names");

  return Array.from({ length: Math.max(0, count - 1) }, (_, before) => {
    const index = before + 1;
    const start = index * shdr.size;
    const sh_type = view.getUint32(start + 4, true);
    const flags = view.getUint32(start + shdr.sh_flags, true);
    return {
      section: {
        name: names.nameAt(view.getUint32(start, true)),
        imageOffset: field(index, shdr.sh_addr),
        size: field(index, shdr.sh_size),
        fileOffset: field(index, shdr.sh_offset),
        inFile: sh_type !== SHT_NOBITS,
        loaded: (flags & SHF_ALLOC) !== 0,
        compressed: (flags & SHF_COMPRESSED) !== 0,
      },
      sh_type,
      sh_link: view.getUint32(start + shdr.sh_link, true),
    };
  });
}

/** The bytes of a section as the file has them; none for one that takes no room in the file. */
export function sectionContents(contents: ElfContents, section: Section): ByteSource {
  return contents.inFile(section.fileOffset, section.inFile ? section.size : 0, section.name);
}

/** The bytes of a section, unpacked where the file has it compressed. */
export function unpackedContents(contents: ElfContents, section: Section, elfClass: ElfClass): ByteSource {
  const source = sectionContents(contents, section);
  if (!section.compressed || !section.inFile) return source;
  const packed = readExactly(source, 0, source.size, section.name);
  return bufferByteSource(unpackSection(packed, elfClass, section.name));
}

function readStrings(contents: ElfContents, fileOffset: number, size: number): StringTable {
  const part = "section names";
  const view = readExactly(contents.inFile(fileOffset, size, part), 0, size, part);
  return new StringTable(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), part);
}
