import type { BinaryImage, FileMapping, ImageOffset, Section } from "./image.js";

/**
 * A debug file in place of its binary. Its program headers are copies of the binary's, made to be empty by objcopy and
 * left as they were by others, and lead to bytes that have nothing to do with them: only its sections count.
 */
export class SeparateDebugImage implements BinaryImage {
  readonly format: BinaryImage["format"];
  readonly architecture: BinaryImage["architecture"];
  readonly pointerSize: BinaryImage["pointerSize"];
  readonly positionIndependent: boolean;
  readonly segments: BinaryImage["segments"];
  readonly #binary: BinaryImage;
  readonly #debug: BinaryImage;

  constructor(binary: BinaryImage, debug: BinaryImage) {
    this.format = binary.format;
    this.architecture = binary.architecture;
    this.pointerSize = binary.pointerSize;
    this.positionIndependent = binary.positionIndependent;
    this.segments = binary.segments;
    this.#binary = binary;
    this.#debug = debug;
  }

  get sections() {
    return this.#debug.sections;
  }

  get buildId() {
    return this.#binary.buildId;
  }

  section(name: string) {
    return this.#debug.section(name);
  }

  symbol(name: string) {
    return this.#debug.symbol(name);
  }

  symbols() {
    return this.#debug.symbols();
  }

  loadBias(mapping: FileMapping) {
    return this.#binary.loadBias(mapping);
  }

  bytesAt(imageOffset: ImageOffset, length: number) {
    return this.#binary.bytesAt(imageOffset, length);
  }

  sectionBytes(section: Section) {
    return this.#debug.sectionBytes(section);
  }
}
