/** A position relative to the start of an image (its lowest loaded address), as the file's own tables say it: `st_value`, `p_vaddr`. Add the load bias to get an address. */
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
}

export interface BinarySymbol {
  readonly name: string;
  readonly imageOffset: ImageOffset;
  readonly size: number;
  readonly kind: "function" | "object" | "other";
  readonly global: boolean;
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
  /** A defined symbol by its exact name: .symtab first, then .dynsym. Reads only as much as a look-up needs. */
  symbol(name: string): BinarySymbol | undefined;
  /** Every defined symbol, .symtab and .dynsym without repetition, in ascending order of image offset. */
  symbols(): readonly BinarySymbol[];
  /**
   * What to add to an {@link ImageOffset} to get an address, when the page of the file at `fileOffset` is mapped at `address`.
   * Undefined if no segment holds that file offset.
   */
  loadBias(mapping: { readonly address: number; readonly fileOffset: number }): number | undefined;
  /** The bytes of a section, or of an address range of the image as it is in the file. */
  bytesAt(imageOffset: ImageOffset, length: number): Uint8Array;
}
