export {
  DEBUG_OFFSETS_READ_SIZE,
  type DebugOffsetsHeader,
  debugOffsetsSize,
  layoutFromDebugOffsets,
  readDebugOffsetsHeader,
} from "./debug-offsets.js";
export {
  ABSENT,
  type BytesLayout,
  type CFrameLayout,
  type CodeLayout,
  type DataStackChunkLayout,
  type FrameLayout,
  type GilLayout,
  type InstructionKind,
  type InterpreterLayout,
  type Layout,
  type LineTableKind,
  type ObjectLayout,
  type PythonVersion,
  type RuntimeLayout,
  type ThreadStateLayout,
  type TypeLayout,
  type UnicodeLayout,
} from "./layout.js";
export { LayoutError, type LayoutErrorCode } from "./layout-error.js";
export { layoutFor, type PythonBuild } from "./layout-for.js";
export { linePosition } from "./line-table/line-position.js";
export { type CodePosition, type LineRange, lineRanges, lookUpLine } from "./line-table/line-table.js";
export {
  type BytesHeader,
  bytesHeader,
  bytesHeaderSize,
  decodeByteString,
  decodeText,
  type TextHeader,
  unicodeHeader,
  unicodeHeaderSize,
} from "./objects/text.js";
export { formatVersion, parsePyVersionHex, parseVersionText } from "./python-version.js";
