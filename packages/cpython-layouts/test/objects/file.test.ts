import { expect, test } from "vitest";
import { decodeRawFile } from "../../src/index.js";
import { layoutOf, wordsAt } from "../fixtures/object-bytes.js";

const nothing = {
  isCreated: false,
  isReadable: false,
  isWritable: false,
  isAppending: false,
  closesDescriptor: false,
};

// Bits as these versions have them.
test.each([
  ["rb", "2.7.18", 0b11_1001, { isReadable: true, closesDescriptor: true }],
  ["rb+", "2.7.18", 0b11_1011, { isReadable: true, isWritable: true, closesDescriptor: true }],
  ["ab", "2.7.18", 0b10_1110, { isWritable: true, isAppending: true, closesDescriptor: true }],
  ["rb", "3.12.1", 0b111_0010, { isReadable: true, closesDescriptor: true }],
  ["wb", "3.12.1", 0b111_0100, { isWritable: true, closesDescriptor: true }],
  ["rb+", "3.12.1", 0b111_0110, { isReadable: true, isWritable: true, closesDescriptor: true }],
  ["ab", "3.12.1", 0b101_1100, { isWritable: true, isAppending: true, closesDescriptor: true }],
  ["xb", "3.12.1", 0b111_0101, { isCreated: true, isWritable: true, closesDescriptor: true }],
  ["rb", "3.15.2", 0b1001_0010, { isReadable: true, closesDescriptor: true }],
  ["wb", "3.15.2", 0b1111_0100, { isWritable: true, closesDescriptor: true }],
  ["rb, closefd=False", "3.15.2", 0b0111_0010, { isReadable: true }],
  ["rb, closefd=False", "3.12.1", 0b011_0010, { isReadable: true }],
])("a file without a buffer says that it was opened as %s (%s)", (_, text, bits, facts) => {
  const layout = layoutOf(text);
  const object = wordsAt(layout, 24, {});
  object.set([7, 0, 0, 0, bits], 16);
  expect(decodeRawFile(layout, object)).toEqual({ ...nothing, descriptor: 7, ...facts });
});

test("a closed file has a negative descriptor", () => {
  const layout = layoutOf("3.12.1");
  expect(decodeRawFile(layout, wordsAt(layout, 24, { 16: 0xffff_ffff }))).toEqual({
    ...nothing,
    descriptor: -1,
  });
  expect(decodeRawFile(layout, new Uint8Array(23))).toBeUndefined();
});
