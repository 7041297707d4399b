import { readExactly } from "../byte-source.js";
import type { BinaryImage, BinarySymbol, FileMapping, ImageOffset, Section, Segment } from "../image.js";
import { loadBiasOf } from "../load-bias.js";
import { readBuildId } from "./build-id.js";
import type { ElfContents } from "./contents.js";
import { dynamicSymbolTable } from "./dynamic.js";
import type { ElfHeader } from "./header.js";
import { type ElfSection, readSectionTable, sectionContents, unpackedContents } from "./section-table.js";
import { PT_LOAD, SHT_DYNSYM, SHT_GNU_HASH, SHT_HASH, SHT_NOBITS, SHT_SYMTAB } from "./structures.js";
import { gnuHash, type SymbolHash, sysvHash } from "./symbol-hash.js";
import { SymbolTable } from "./symbol-table.js";

const PF_X = 1;
const PF_W = 2;
const PF_R = 4;

/** An ELF program, shared library or core file. Each table is read when something first needs it. */
export class ElfImage implements BinaryImage {
  readonly format = "elf";
  readonly architecture: BinaryImage["architecture"];
  readonly pointerSize: 4 | 8;
  readonly positionIndependent: boolean;
  readonly segments: readonly Segment[];

  readonly #header: ElfHeader;
  readonly #contents: ElfContents;
  readonly #sectionTable: () => readonly ElfSection[];
  readonly #sections: () => readonly Section[];
  readonly #buildId: () => string | undefined;
  readonly #symtab: () => SymbolTable | undefined;
  readonly #dynsym: () => SymbolTable | undefined;

  constructor(header: ElfHeader, segments: readonly Segment[], contents: ElfContents) {
    this.architecture = header.architecture;
    this.pointerSize = header.elfClass.pointerSize;
    this.positionIndependent = header.positionIndependent;
    this.segments = segments;
    this.#header = header;
    this.#contents = contents;
    this.#sectionTable = once(() => readSectionTable(contents, header));
    this.#sections = once(() => this.#sectionTable().map(({ section }) => section));
    this.#buildId = once(() => readBuildId(contents, header, this.#sectionTable()));
    this.#symtab = once(() => this.#tableOfSection(SHT_SYMTAB));
    this.#dynsym = once(() =>
      // In a separate debug file PT_DYNAMIC is that of the stripped file and leads nowhere.
      this.#sectionTable().length > 0
        ? this.#tableOfSection(SHT_DYNSYM)
        : dynamicSymbolTable(contents, header),
    );
  }

  get sections(): readonly Section[] {
    return this.#sections();
  }

  get buildId(): string | undefined {
    return this.#buildId();
  }

  section(name: string): Section | undefined {
    return this.sections.find((section) => section.name === name);
  }

  symbol(name: string): BinarySymbol | undefined {
    return this.#dynsym()?.find(name) ?? this.#symtab()?.find(name);
  }

  symbols(): readonly BinarySymbol[] {
    const all = [...(this.#symtab()?.all() ?? []), ...(this.#dynsym()?.all() ?? [])];
    all.sort((a, b) => a.imageOffset - b.imageOffset || compareNames(a.name, b.name));
    return all.filter((symbol, index) => {
      const previous = all[index - 1];
      return previous?.imageOffset !== symbol.imageOffset || previous.name !== symbol.name;
    });
  }

  loadBias(mapping: FileMapping): number | undefined {
    return loadBiasOf(this.segments, this.positionIndependent, mapping);
  }

  bytesAt(imageOffset: ImageOffset, length: number): Uint8Array {
    return this.#contents.inImage(imageOffset)?.read(0, length) ?? new Uint8Array(0);
  }

  sectionBytes(section: Section): Uint8Array {
    const bytes = unpackedContents(this.#contents, section, this.#header.elfClass);
    const view = readExactly(bytes, 0, bytes.size, section.name);
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  }

  #tableOfSection(type: number): SymbolTable | undefined {
    const { elfClass } = this.#header;
    const sections = this.#sectionTable();
    const symbols = sections.find(({ sh_type }) => sh_type === type);
    // sh_link counts the empty first section, which is not among these.
    const strings = symbols && sections[symbols.sh_link - 1];
    if (!symbols || !strings || strings.sh_type === SHT_NOBITS) return undefined;
    return new SymbolTable(
      symbols.section.name,
      elfClass,
      unpackedContents(this.#contents, symbols.section, elfClass),
      unpackedContents(this.#contents, strings.section, elfClass),
      type === SHT_DYNSYM ? this.#hashOfSection() : undefined,
    );
  }

  #hashOfSection(): SymbolHash | undefined {
    const sections = this.#sectionTable();
    const gnu = sections.find(({ sh_type }) => sh_type === SHT_GNU_HASH);
    if (gnu) return gnuHash(sectionContents(this.#contents, gnu.section), this.#header.elfClass);
    const sysv = sections.find(({ sh_type }) => sh_type === SHT_HASH);
    return sysv && sysvHash(sectionContents(this.#contents, sysv.section));
  }
}

/** The PT_LOAD segments. Those beyond 2^53 (the vsyscall page in core files) cannot be read by anyone. */
export function segmentsOf(header: ElfHeader): Segment[] {
  return header.programHeaders
    .filter(
      ({ p_type, p_vaddr, p_memsz }) => p_type === PT_LOAD && p_vaddr + p_memsz <= Number.MAX_SAFE_INTEGER,
    )
    .map(({ p_offset, p_filesz, p_vaddr, p_memsz, p_flags, p_align }) => ({
      fileOffset: p_offset,
      fileSize: p_filesz,
      imageOffset: p_vaddr,
      memorySize: p_memsz,
      readable: (p_flags & PF_R) !== 0,
      writable: (p_flags & PF_W) !== 0,
      executable: (p_flags & PF_X) !== 0,
      alignment: p_align,
    }));
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
