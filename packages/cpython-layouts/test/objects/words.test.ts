import { describe, expect, test } from "vitest";
import {
  decodeArray,
  decodeBufferedFile,
  decodeBuiltin,
  decodeDescriptor,
  decodeDictView,
  decodeException,
  decodeFile2,
  decodeImportError,
  decodeInterpolation,
  decodeMappingProxy,
  decodeMatch,
  decodeMethod,
  decodeMethod2,
  decodeMethodMark,
  decodeMethodWrapper,
  decodeModule,
  decodeNamespace,
  decodeOldClass,
  decodeOldInstance,
  decodePartial,
  decodeRange,
  decodeSentinel,
  decodeSlice,
  decodeSuper,
  decodeTemplate,
  decodeTextFile,
  decodeThreadHandleObject,
  decodeTimeZone,
  decodeZoneInfo,
  type Layout,
  type WordDecoder,
} from "../../src/index.js";
import { layoutOf, words } from "../fixtures/object-bytes.js";

/** An object whose words behind the header are 100, 101, 102 …, `count` of them. */
function numbered(layout: Layout, count: number): Uint8Array {
  const header = layout.object.size / layout.pointerSize;
  return words(layout, ...Array.from({ length: header + count }, (_, index) => 100 + index - header));
}

/** What each decoder makes of an object whose words are numbered, and how many of these it needs. */
const decoders: readonly (readonly [
  name: string,
  decode: WordDecoder<string>,
  count: number,
  fields: Readonly<Record<string, number>>,
])[] = [
  ["text file", decodeTextFile, 4, { buffer: 102, encoding: 103 }],
  ["file with a buffer", decodeBufferedFile, 1, { raw: 100 }],
  ["file of 2.x", decodeFile2, 3, { file: 100, name: 101, mode: 102 }],
  ["exception", decodeException, 2, { args: 101 }],
  ["failed import", decodeImportError, 10, { name: 108, path: 109 }],
  ["instance of 2.x", decodeOldInstance, 2, { class: 100, dict: 101 }],
  ["class of 2.x", decodeOldClass, 3, { dict: 101, name: 102 }],
  ["handle of a thread", decodeThreadHandleObject, 1, { handle: 100 }],
  ["time zone", decodeTimeZone, 2, { offset: 100, name: 101 }],
  ["time zone of a place", decodeZoneInfo, 1, { key: 100 }],
  ["function of C", decodeBuiltin, 2, { definition: 100, self: 101 }],
  ["method", decodeMethod, 2, { function: 100, self: 101 }],
  ["method of 2.x", decodeMethod2, 3, { function: 100, self: 101, class: 102 }],
  ["partial", decodePartial, 3, { function: 100, args: 101, keywords: 102 }],
  ["descriptor", decodeDescriptor, 2, { type: 100, name: 101 }],
  ["bound slot", decodeMethodWrapper, 2, { descriptor: 100, self: 101 }],
  ["classmethod", decodeMethodMark, 1, { callable: 100 }],
  ["super", decodeSuper, 3, { type: 100, object: 101, objectType: 102 }],
  ["slice", decodeSlice, 3, { start: 100, stop: 101, step: 102 }],
  ["range", decodeRange, 4, { start: 100, stop: 101, step: 102, length: 103 }],
  ["match", decodeMatch, 10, { text: 101, start: 108, end: 109 }],
  ["array", decodeArray, 4, { length: 100, items: 101, description: 103 }],
  ["module", decodeModule, 1, { dict: 100 }],
  ["namespace", decodeNamespace, 1, { dict: 100 }],
  ["sentinel", decodeSentinel, 1, { name: 100 }],
  ["template", decodeTemplate, 2, { strings: 100, interpolations: 101 }],
  [
    "interpolation",
    decodeInterpolation,
    4,
    { value: 100, expression: 101, conversion: 102, formatSpec: 103 },
  ],
  ["view of a dict", decodeDictView, 1, { dict: 100 }],
  ["mapping proxy", decodeMappingProxy, 1, { mapping: 100 }],
];

describe.each([
  ["3.12.1", {}],
  ["3.14.10", { freeThreaded: true }],
  ["3.11.7", { architecture: "ia32" }],
  ["2.7.18", {}],
] as const)("in %s %o", (text, build) => {
  const layout = layoutOf(text, build);

  test.each(decoders)("a %s has its fields behind the header", (_, decode, count, fields) => {
    expect(decode(layout, numbered(layout, count))).toEqual(fields);
  });

  test.each(decoders)("a %s is nothing in fewer bytes", (_, decode, count) => {
    expect(decode(layout, numbered(layout, count).subarray(0, -1))).toBeUndefined();
  });
});
