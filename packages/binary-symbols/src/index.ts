/**
 * Sections, symbols and load addresses of executables and shared libraries, and what core files tell.
 *
 * @packageDocumentation
 */

export { type ByteSource, bufferByteSource } from "./byte-source.js";
export {
  type CoreFile,
  type CoreMapping,
  type CoreProcessInfo,
  type CoreSignal,
  type CoreThreadInfo,
  readCoreFile,
} from "./core/core-file.js";
export {
  type DebugFileOptions,
  type DebugFileRejection,
  type DebugImage,
  findDebugImage,
} from "./debug-file.js";
export { type FileSource, fileSourceOf, openFileSource } from "./file-source.js";
export type { BinaryImage, BinarySymbol, FileMapping, ImageOffset, Section, Segment } from "./image.js";
export { openImage, openLoadedImage } from "./open-image.js";
export { ParseError, type ParseErrorCode, type ParseErrorFacts } from "./parse-error.js";
