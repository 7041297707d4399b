import { type ByteSource, readExactly } from "../byte-source.js";
import type { BinaryImage } from "../image.js";
import { ParseError } from "../parse-error.js";
import { ELFCLASS32, ELFCLASS64, type ElfClass, readWord } from "./structures.js";

const ET_EXEC = 2;
const ET_DYN = 3;
const ET_CORE = 4;
const PN_XNUM = 0xffff;
// The kernel refuses more than 65536 mappings by default, and no linker writes this many sections.
const MOST_HEADERS = 2 ** 20;

const ARCHITECTURES: Readonly<Record<number, BinaryImage["architecture"]>> = {
  3: "x86", // EM_386
  40: "arm", // EM_ARM
  62: "x86-64", // EM_X86_64
  183: "aarch64", // EM_AARCH64
};

/** What the first bytes of an ELF file say. */
export interface ElfHeader {
  readonly elfClass: ElfClass;
  readonly architecture: BinaryImage["architecture"];
  readonly positionIndependent: boolean;
  readonly isCore: boolean;
  readonly programHeaders: readonly ProgramHeader[];
  /** As the 16-bit fields say it; section-table.ts knows where the numbers too large for them are. */
  readonly sectionHeaders: {
    readonly fileOffset: number;
    readonly count: number;
    readonly nameIndex: number;
  };
}

export interface ProgramHeader {
  readonly p_type: number;
  readonly p_flags: number;
  readonly p_offset: number;
  readonly p_vaddr: number;
  readonly p_filesz: number;
  readonly p_memsz: number;
  readonly p_align: number;
}

/** Reads the ELF header and the program headers, and nothing else. */
export function readElfHeader(source: ByteSource): ElfHeader {
  const elfClass = identify(source);
  const { ehdr } = elfClass;
  const part = "ELF header";
  const view = readExactly(source, 0, ehdr.size, part);

  const type = view.getUint16(16, true);
  if (type !== ET_EXEC && type !== ET_DYN && type !== ET_CORE) {
    throw new ParseError(
      "unsupported",
      `it is neither a program, a shared library nor a core file (e_type ${type})`,
      { part },
    );
  }
  const programHeadersAt = readWord(view, ehdr.e_phoff, elfClass);
  const sectionHeadersAt = readWord(view, ehdr.e_shoff, elfClass);
  const [phentsize, phnum, shentsize, shnum, shstrndx] = [0, 2, 4, 6, 8].map((field) =>
    view.getUint16(ehdr.e_phentsize + field, true),
  ) as [number, number, number, number, number];
  if (phnum !== 0 && phentsize !== elfClass.phdr.size) {
    throw new ParseError("malformed", `program headers of ${phentsize} bytes (e_phentsize)`, { part });
  }
  if (sectionHeadersAt !== 0 && shnum !== 0 && shentsize !== elfClass.shdr.size) {
    throw new ParseError("malformed", `section headers of ${shentsize} bytes (e_shentsize)`, { part });
  }

  const programHeaderCount =
    phnum === PN_XNUM && sectionHeadersAt !== 0
      ? readExactly(source, sectionHeadersAt, elfClass.shdr.size, "first section header").getUint32(
          elfClass.shdr.sh_info,
          true,
        )
      : phnum;

  return {
    elfClass,
    architecture: ARCHITECTURES[view.getUint16(18, true)] ?? "other",
    positionIndependent: type === ET_DYN,
    isCore: type === ET_CORE,
    programHeaders: readProgramHeaders(
      source,
      elfClass,
      programHeadersAt,
      checkedCount(programHeaderCount, "program headers"),
    ),
    sectionHeaders: { fileOffset: sectionHeadersAt, count: shnum, nameIndex: shstrndx },
  };
}

function identify(source: ByteSource): ElfClass {
  const part = "ELF header";
  const ident = source.read(0, 16);
  if (ident[0] !== 0x7f || ident[1] !== 0x45 || ident[2] !== 0x4c || ident[3] !== 0x46) {
    throw new ParseError("not-an-elf", "the first bytes are not those of an ELF file", { part });
  }
  if (ident.length < 16) throw new ParseError("truncated", `there are ${ident.length} bytes`, { part });
  const [, , , , fileClass, data] = ident;
  if (data === 2) throw new ParseError("unsupported", "it is big-endian", { part });
  if (data !== 1) throw new ParseError("malformed", `byte order ${data} (EI_DATA)`, { part });
  if (fileClass === 1) return ELFCLASS32;
  if (fileClass === 2) return ELFCLASS64;
  throw new ParseError("malformed", `class ${fileClass} (EI_CLASS)`, { part });
}

/** Refuses a number of headers that no program can have, before anything is allocated for it. */
export function checkedCount(count: number, part: string): number {
  if (count > MOST_HEADERS) throw new ParseError("malformed", `there are ${count} of them`, { part });
  return count;
}

function readProgramHeaders(
  source: ByteSource,
  elfClass: ElfClass,
  at: number,
  count: number,
): ProgramHeader[] {
  if (count === 0) return [];
  const { phdr } = elfClass;
  const view = readExactly(source, at, count * phdr.size, "program headers");
  return Array.from({ length: count }, (_, index) => {
    const start = index * phdr.size;
    return {
      p_type: view.getUint32(start, true),
      p_flags: view.getUint32(start + phdr.p_flags, true),
      p_offset: readWord(view, start + phdr.p_offset, elfClass),
      p_vaddr: readWord(view, start + phdr.p_vaddr, elfClass),
      p_filesz: readWord(view, start + phdr.p_filesz, elfClass),
      p_memsz: readWord(view, start + phdr.p_memsz, elfClass),
      p_align: readWord(view, start + phdr.p_align, elfClass),
    };
  });
}
