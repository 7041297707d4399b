/**
 * A place in an image as the file's own tables say it: `st_value`, `sh_addr`, `p_vaddr`. Add the load bias to get an
 * address; in a program that is not position independent it is the address.
 */
export type ImageOffset = number;

/** A part of the file that is mapped at run time (ELF: PT_LOAD). */
export interface Segment {
  readonly fileOffset: number;
  readonly fileSize: number;
  readonly imageOffset: ImageOffset;
  readonly memorySize: number;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  readonly alignment: number;
}

export interface Section {
  readonly name: string;
  readonly imageOffset: ImageOffset;
  readonly size: number;
  readonly fileOffset: number;
  /** False for sections that take no room in the file (`SHT_NOBITS`: .bss). */
  readonly inFile: boolean;
  /** True for sections that are part of the running image (`SHF_ALLOC`). */
  readonly loaded: boolean;
  /** True if the file has it compressed (`SHF_COMPRESSED`); `size` is then what it takes in the file. */
  readonly compressed: boolean;
}

export interface BinarySymbol {
  readonly name: string;
  readonly imageOffset: ImageOffset;
  readonly size: number;
  readonly kind: "function" | "object" | "other";
  readonly global: boolean;
}

/** A part of a file that is mapped in a process. */
export interface FileMapping {
  /** Where it begins, or any page of it. */
  readonly address: number;
  /** The offset in the file of what is at `address`. */
  readonly fileOffset: number;
  /** Whether it is executable: tells segments apart that share a page of the file. */
  readonly executable?: boolean;
}

/** One binary: what can be learned from its file, or from where it is mapped. Everything is parsed when first asked for. */
export interface BinaryImage {
  readonly format: "elf";
  readonly architecture: "x86-64" | "x86" | "aarch64" | "arm" | "other";
  readonly pointerSize: 4 | 8;
  /** False for a program linked at a fixed address (ET_EXEC). */
  readonly positionIndependent: boolean;
  readonly segments: readonly Segment[];
  readonly sections: readonly Section[];
  /** The build id in lower-case hexadecimal, if there is one. */
  readonly buildId: string | undefined;
  section(name: string): Section | undefined;
  /**
   * A defined symbol by its exact name. First `.dynsym` through its hash table, a handful of small reads; then
   * `.symtab`, read whole once, where a global symbol comes before a local one. (A global definition that is in both
   * is the same one.) Symbols without a place in the image are not found: undefined, absolute, thread-local.
   */
  symbol(name: string): BinarySymbol | undefined;
  /** Every symbol that {@link symbol} can find, `.symtab` and `.dynsym` without repetition, in ascending order of image offset. */
  symbols(): readonly BinarySymbol[];
  /**
   * What to add to an {@link ImageOffset} to get an address, when the page of the file at `fileOffset` is mapped at `address`.
   * Undefined if no segment can be what is mapped there.
   *
   * Give the image's lowest mapping, or an executable one: two read-only segments (GNU ld's constants and RELRO data)
   * can share a page of the file, and then nothing tells which of them a mapping of that page is; the first is taken.
   */
  loadBias(mapping: FileMapping): number | undefined;
  /** The bytes from `imageOffset` on, as the file (or the memory) has them; fewer where its segment ends there, as .bss does in a file. */
  bytesAt(imageOffset: ImageOffset, length: number): Uint8Array;
  /**
   * The bytes of a section, also of one that is not loaded; none for one that is not in the file. A compressed one is
   * unpacked: zlib, and zstd where Node has it (22.15 and later). Throws {@link ParseError}.
   */
  sectionBytes(section: Section): Uint8Array;
}
