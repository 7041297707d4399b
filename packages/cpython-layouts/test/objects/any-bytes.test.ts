import fc from "fast-check";
import { test } from "vitest";
import {
  asyncioDebugFromTable,
  attributeSources,
  awaitedSlot,
  byteArrayHeader,
  bytesHeader,
  decimalHeader,
  decodeAttributeSource,
  decodeByteString,
  decodeCell,
  decodeComplex,
  decodeCount,
  decodeDate,
  decodeDateTime,
  decodeDecimalDigits,
  decodeDefaultDict,
  decodeDictEntries,
  decodeFloat,
  decodeFunction,
  decodeGenerator,
  decodeInt2,
  decodeLock,
  decodeLong,
  decodeMatch,
  decodeMemoryView,
  decodeOldClass,
  decodeOldInstance,
  decodeOrderedDict,
  decodeOrderedNode,
  decodePattern,
  decodePointers,
  decodeRawFile,
  decodeReentrantLock,
  decodeRepeat,
  decodeSetEntries,
  decodeSlots,
  decodeStackReference,
  decodeText,
  decodeThreadHandle,
  decodeTime,
  decodeTimeDelta,
  decodeType,
  decodeWeakReference,
  decodeXrange,
  dequeHeader,
  dictHeader,
  dictKeysTable,
  frameState,
  isAwaiting,
  itemCount,
  type Layout,
  LayoutError,
  layoutFromDebugOffsets,
  listHeader,
  longHeader,
  setHeader,
  slotTable,
  tupleHeader,
  typeAddress,
  unicodeHeader,
} from "../../src/index.js";
import { layoutOf } from "../fixtures/object-bytes.js";

const layouts: readonly Layout[] = [
  ...[
    "2.3.7",
    "2.4.6",
    "2.5.6",
    "2.6.9",
    "2.7.18",
    "3.3.7",
    "3.4.10",
    "3.5.10",
    "3.6.15",
    "3.7.16",
    "3.8.18",
  ],
  ...["3.9.18", "3.10.13", "3.11.7", "3.12.1", "3.13.0", "3.14.10", "3.15.2"],
].map((text) => layoutOf(text));

const builds: readonly Layout[] = [
  ...layouts,
  layoutOf("3.11.7", { architecture: "ia32" }),
  layoutOf("3.12.1", { platform: "win32" }),
  layoutOf("3.7.16", { debug: true }),
  ...["3.13.0", "3.14.10", "3.15.2"].map((text) => layoutOf(text, { freeThreaded: true })),
];

/** Everything that takes bytes of a process, in the order in which a reader calls it, with data from where a header says. */
function decodeAll(layout: Layout, bytes: Uint8Array): void {
  const dataOf = ({ dataOffset, byteLength }: { dataOffset: number; byteLength: number }) =>
    bytes.subarray(Math.max(0, dataOffset), Math.max(0, dataOffset) + Math.min(byteLength, bytes.length));
  const long = longHeader(layout, bytes);
  if (long) decodeLong(layout, long, dataOf(long));
  const text = unicodeHeader(layout, bytes);
  if (text) decodeText(text, dataOf(text));
  const decimal = decimalHeader(layout, bytes);
  if (decimal) decodeDecimalDigits(layout, decimal, dataOf(decimal));
  const set = setHeader(layout, bytes);
  if (set) decodeSetEntries(layout, dataOf(set));
  const type = decodeType(layout, bytes);
  if (type) {
    slotTable(layout, bytes, type);
    for (const decode of [decodeLock, decodeDefaultDict, decodeOrderedDict]) decode(layout, bytes, type);
    for (const source of attributeSources(layout, type, 0x1000, itemCount(layout, bytes))) {
      decodeAttributeSource(layout, source, bytes);
    }
  }
  const table = dictHeader(layout, bytes)?.table ?? dictKeysTable(layout, bytes);
  if (table) {
    decodeDictEntries(layout, table, dataOf(table));
    decodeDictEntries(layout, table, bytes, bytes.subarray(0, 20));
  }
  for (const decode of [
    bytesHeader,
    tupleHeader,
    listHeader,
    typeAddress,
    decodeInt2,
    decodeFloat,
    decodeComplex,
  ]) {
    decode(layout, bytes);
  }
  for (const decode of [
    decodeFunction,
    decodeCell,
    decodeWeakReference,
    decodeOldInstance,
    byteArrayHeader,
    decodeCount,
    decodeDate,
    decodeDateTime,
    decodeMatch,
    decodeMemoryView,
    decodeOldClass,
    decodePattern,
    decodeRawFile,
    decodeReentrantLock,
    decodeRepeat,
    decodeThreadHandle,
    decodeTime,
    decodeTimeDelta,
    decodeXrange,
    dequeHeader,
    decodeOrderedNode,
  ]) {
    decode(layout, bytes);
  }
  for (const decode of [
    decodeGenerator,
    frameState,
    isAwaiting,
    decodePointers,
    decodeSlots,
    decodeStackReference,
  ]) {
    decode(layout, bytes);
  }
  awaitedSlot(layout, bytes, 0x1000);
  decodeByteString(bytes);
}

/** Bytes of memory: small numbers are common in it, and so are 0 and all ones. */
const memory = fc
  .array(
    fc.oneof(
      fc.bigInt({ min: 0n, max: 255n }),
      fc.constant(2n ** 64n - 1n),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    ),
    {
      maxLength: 160,
    },
  )
  .chain((words) =>
    fc.nat(7).map((cut) => {
      const bytes = new Uint8Array(BigUint64Array.from(words).buffer);
      return bytes.subarray(0, Math.max(0, bytes.length - cut));
    }),
  );

test("any bytes of memory give a value or undefined in every build", () => {
  fc.assert(
    fc.property(memory, fc.constantFrom(...builds), (bytes, layout) => decodeAll(layout, bytes)),
    { numRuns: 3000 },
  );
});

test("any bytes give a description of asyncio, a layout, or the package's error", () => {
  fc.assert(
    fc.property(memory, (bytes) => {
      for (const read of [asyncioDebugFromTable, layoutFromDebugOffsets]) {
        try {
          read(bytes);
        } catch (error) {
          if (!(error instanceof LayoutError)) throw error;
        }
      }
    }),
  );
});
