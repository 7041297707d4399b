export { ASYNCIO_DEBUG_SIZE, type AsyncioDebug, asyncioDebugFromTable } from "./asyncio-debug.js";
export { bytecodeCopySlot } from "./bytecode-copies.js";
export {
  DEBUG_OFFSETS_READ_SIZE,
  type DebugOffsetsHeader,
  debugOffsetsSize,
  layoutFromDebugOffsets,
  readDebugOffsetsHeader,
} from "./debug-offsets/debug-offsets.js";
export {
  ABSENT,
  type CFrameLayout,
  type CodeLayout,
  type DataStackChunkLayout,
  type FrameLayout,
  type GilLayout,
  type InstructionKind,
  type InterpreterLayout,
  type Layout,
  type LineTableKind,
  type PythonVersion,
  type RuntimeLayout,
  type StackpointerKind,
  type ThreadStateLayout,
} from "./layout.js";
export { LayoutError, type LayoutErrorCode } from "./layout-error.js";
export { layoutFor, type PythonBuild } from "./layout-for.js";
export { linePosition } from "./line-table/line-position.js";
export { type CodePosition, type LineRange, lineRanges, lookUpLine } from "./line-table/line-table.js";
export { LocalKind } from "./local-kind.js";
export type {
  AsyncioTaskLayout,
  BytesLayout,
  CellLayout,
  DequeLayout,
  DictKeysLayout,
  DictLayout,
  FloatLayout,
  FunctionLayout,
  GeneratorLayout,
  GeneratorState,
  IntLayout,
  LibraryLayout,
  ManagedDictLayout,
  ObjectLayout,
  RawFileLayout,
  SequenceLayout,
  SetLayout,
  StackReferenceLayout,
  TypeLayout,
  Unicode2Layout,
  UnicodeLayout,
  WeakReferenceLayout,
} from "./object-layout.js";
export { type DataLocation, OBJECT_READ_SIZE } from "./object-view.js";
export { byteArrayHeader, decodeArray, decodeMemoryView } from "./objects/buffer.js";
export { bytesHeader, decodeByteString } from "./objects/bytes.js";
export { decodeBuiltin, decodeMethod, decodeMethod2, decodePartial } from "./objects/callable.js";
export {
  type DateFields,
  decodeDate,
  decodeDateTime,
  decodeTime,
  decodeTimeDelta,
  decodeTimeZone,
  decodeZoneInfo,
  type TimeDelta,
  type TimeFields,
} from "./objects/date.js";
export { type DecimalHeader, decimalHeader, decodeDecimalDigits } from "./objects/decimal.js";
export { type DequeHeader, dequeHeader } from "./objects/deque.js";
export {
  decodeDescriptor,
  decodeMethodMark,
  decodeMethodWrapper,
  decodeSuper,
} from "./objects/descriptor.js";
export {
  DICT_KEYS_READ_SIZE,
  type DictEntry,
  type DictHeader,
  type DictTable,
  decodeDictEntries,
  dictHeader,
  dictKeysTable,
} from "./objects/dict.js";
export {
  decodeDefaultDict,
  decodeDictView,
  decodeMappingProxy,
  decodeOrderedDict,
  decodeOrderedNode,
  ORDERED_NODE_WORDS,
} from "./objects/dict-kinds.js";
export { decodeException, decodeImportError } from "./objects/exception.js";
export {
  decodeBufferedFile,
  decodeFile2,
  decodeRawFile,
  decodeTextFile,
  type RawFile,
} from "./objects/file.js";
export { decodeComplex, decodeFloat } from "./objects/float.js";
export { decodeCell, decodeFunction, decodeWeakReference, type FunctionHeader } from "./objects/function.js";
export {
  awaitedSlot,
  decodeGenerator,
  frameState,
  type GeneratorHeader,
  isAwaiting,
  resumeAddress,
} from "./objects/generator.js";
export {
  type AttributeSource,
  type AttributeStore,
  attributeSources,
  decodeAttributeSource,
  decodeSlots,
  itemCount,
  memberSize,
  type Slot,
  type SlotTable,
  slotTable,
} from "./objects/instance.js";
export { decodeInt2, decodeLong, type LongHeader, longHeader } from "./objects/int.js";
export { type Count, decodeCount, decodeRepeat } from "./objects/iterator.js";
export {
  decodeLock,
  decodeReentrantLock,
  decodeThreadHandle,
  decodeThreadHandleObject,
  type ReentrantLock,
  THREAD_HANDLE_SIZE,
  type ThreadHandle,
} from "./objects/lock.js";
export { decodeModule, decodeNamespace, decodeSentinel } from "./objects/namespace.js";
export { decodeOldClass, decodeOldInstance } from "./objects/old-instance.js";
export { decodeMatch, decodePattern } from "./objects/pattern.js";
export { decodeRange, decodeSlice, decodeXrange } from "./objects/range.js";
export { decodePointers, listHeader, type SequenceHeader, tupleHeader } from "./objects/sequence.js";
export { decodeSetEntries, type SetHeader, setHeader } from "./objects/set.js";
export { decodeStackReference, type StackReference } from "./objects/stack-reference.js";
export { decodeInterpolation, decodeTemplate } from "./objects/template.js";
export {
  decodeType,
  type ObjectKind,
  objectKind,
  TypeFlag,
  type TypeHeader,
  typeAddress,
} from "./objects/type.js";
export { decodeText, type TextHeader, unicodeHeader } from "./objects/unicode.js";
export type { WordDecoder } from "./objects/words.js";
export { formatVersion, implementationIn, parsePyVersionHex, parseVersionText } from "./python-version.js";
