/**
 * Where the fields of the ELF structures are, for both classes.
 * Source: System V ABI gABI 4.1 ("Object Files") and its 64-bit extension; names as in <elf.h>.
 */

export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_NOTE = 4;

export const SHT_SYMTAB = 2;
export const SHT_HASH = 5;
export const SHT_NOBITS = 8;
export const SHT_DYNSYM = 11;
export const SHT_GNU_HASH = 0x6ffffff6;

/** Byte offsets inside the structures of one ELF class, and the structures' sizes. */
export interface ElfClass {
  readonly pointerSize: 4 | 8;
  readonly ehdr: {
    readonly size: number;
    readonly e_phoff: number;
    readonly e_shoff: number;
    /** The 16-bit fields e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx follow each other from here. */
    readonly e_phentsize: number;
  };
  readonly phdr: {
    readonly size: number;
    readonly p_flags: number;
    readonly p_offset: number;
    readonly p_vaddr: number;
    readonly p_filesz: number;
    readonly p_memsz: number;
    readonly p_align: number;
  };
  readonly shdr: {
    readonly size: number;
    readonly sh_flags: number;
    readonly sh_addr: number;
    readonly sh_offset: number;
    readonly sh_size: number;
    readonly sh_link: number;
    readonly sh_info: number;
  };
  readonly sym: {
    readonly size: number;
    readonly st_info: number;
    readonly st_shndx: number;
    readonly st_value: number;
    readonly st_size: number;
  };
  /** What a compressed section begins with. */
  readonly chdr: {
    readonly size: number;
    readonly ch_size: number;
  };
}

export const ELFCLASS32: ElfClass = {
  pointerSize: 4,
  ehdr: { size: 52, e_phoff: 28, e_shoff: 32, e_phentsize: 42 },
  phdr: { size: 32, p_offset: 4, p_vaddr: 8, p_filesz: 16, p_memsz: 20, p_flags: 24, p_align: 28 },
  shdr: { size: 40, sh_flags: 8, sh_addr: 12, sh_offset: 16, sh_size: 20, sh_link: 24, sh_info: 28 },
  sym: { size: 16, st_value: 4, st_size: 8, st_info: 12, st_shndx: 14 },
  chdr: { size: 12, ch_size: 4 },
};

export const ELFCLASS64: ElfClass = {
  pointerSize: 8,
  ehdr: { size: 64, e_phoff: 32, e_shoff: 40, e_phentsize: 54 },
  phdr: { size: 56, p_flags: 4, p_offset: 8, p_vaddr: 16, p_filesz: 32, p_memsz: 40, p_align: 48 },
  shdr: { size: 64, sh_flags: 8, sh_addr: 16, sh_offset: 24, sh_size: 32, sh_link: 40, sh_info: 44 },
  sym: { size: 24, st_info: 4, st_shndx: 6, st_value: 8, st_size: 16 },
  chdr: { size: 24, ch_size: 8 },
};

/**
 * A little-endian address, offset or size of the class's width. Above 2^53 the result is rounded; it stays
 * above every size and address that can be real, so range checks refuse it.
 */
export function readWord(view: DataView, at: number, elfClass: ElfClass): number {
  const low = view.getUint32(at, true);
  return elfClass.pointerSize === 4 ? low : view.getUint32(at + 4, true) * 2 ** 32 + low;
}
