import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ABSENT,
  bytesHeader,
  decodeByteString,
  decodeText,
  type Layout,
  layoutFor,
  unicodeHeader,
} from "../../src/index.js";

const layout = layoutFor({ major: 3, minor: 8, micro: 18, release: "" });
const freeThreaded = layoutFor({ major: 3, minor: 14, micro: 10, release: "" }, { freeThreaded: true });

function stringObject(
  { unicode }: Layout,
  length: number,
  kind: number,
  compact: boolean,
  ascii: boolean,
): Uint8Array {
  const object = new Uint8Array(256);
  const view = new DataView(object.buffer);
  view.setUint32(unicode.length, length, true);
  const state =
    (kind << unicode.kindShift) |
    (Number(compact) << unicode.compactShift) |
    (Number(ascii) << unicode.asciiShift);
  view.setUint32(unicode.state, state, true);
  view.setBigUint64(unicode.data, 0x7f12_3456_7890n, true);
  return object;
}

describe("the header of a str", () => {
  test("says where the text of an ASCII string is", () => {
    expect(unicodeHeader(layout, stringObject(layout, 5, 1, true, true))).toEqual({
      length: 5,
      kind: 1,
      ascii: true,
      byteLength: 5,
      dataOffset: 48,
      dataAddress: undefined,
    });
  });

  test("says where the text of another compact string is", () => {
    expect(unicodeHeader(layout, stringObject(layout, 5, 4, true, false))).toMatchObject({
      kind: 4,
      byteLength: 20,
      dataOffset: 72,
    });
  });

  test("points to the text of a string that is not compact", () => {
    expect(unicodeHeader(layout, stringObject(layout, 3, 2, false, false))).toMatchObject({
      byteLength: 6,
      dataOffset: ABSENT,
      dataAddress: 0x7f1234567890,
    });
  });

  test("has its bits elsewhere in free-threaded builds of 3.14", () => {
    expect(unicodeHeader(freeThreaded, stringObject(freeThreaded, 5, 1, true, true))).toMatchObject({
      dataOffset: 56,
    });
  });

  test.each([
    ["no bytes", new Uint8Array(0)],
    ["a kind that does not exist", stringObject(layout, 5, 3, true, false)],
    ["ASCII of two bytes", stringObject(layout, 5, 2, true, true)],
  ])("is not made of %s", (_, object) => {
    expect(unicodeHeader(layout, object)).toBeUndefined();
  });
});

describe("text", () => {
  test.each([
    ["Latin-1", 1, [0x63, 0x61, 0x66, 0xe9, 0x80], "caf\u00e9\u0080"],
    ["a lone surrogate", 2, [0x41, 0x00, 0x00, 0xd8], "A\ud800"],
    ["an astral character", 4, [0x00, 0xf6, 0x01, 0x00], "\u{1f600}"],
    ["a unit that is no code point", 4, [0xff, 0xff, 0xff, 0xff], "\ufffd"],
    ["half a unit", 2, [0x41, 0x00, 0x42], "A"],
  ] as const)("of %s decodes", (_, kind, bytes, expected) => {
    expect(decodeText({ kind }, Uint8Array.from(bytes))).toBe(expected);
  });

  test("of any length decodes", () => {
    expect(decodeText({ kind: 2 }, new Uint8Array(2_000_000).fill(0x20))).toBe("\u2020".repeat(1_000_000));
  });

  test("of 2.x is UTF-8, or else Latin-1", () => {
    expect(decodeByteString(Uint8Array.of(0xc3, 0xa9))).toBe("\u00e9");
    expect(decodeByteString(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
    expect(decodeByteString(Uint8Array.of(0xe9, 0x41))).toBe("\u00e9A");
  });
});

test("the contents of bytes start where their version says", () => {
  const object = new Uint8Array(64);
  object[16] = 7;
  expect(bytesHeader(layout, object)).toEqual({ byteLength: 7, dataOffset: 32 });
  expect(bytesHeader(layoutFor({ major: 2, minor: 7, micro: 18, release: "" }), object)).toEqual({
    byteLength: 7,
    dataOffset: 36,
  });
});

test("the size of a 2.4 string is 4 bytes wide", () => {
  const object = new Uint8Array(64).fill(0xff);
  object.set([7, 0, 0, 0], 16);
  const layout = layoutFor({ major: 2, minor: 4, micro: 6, release: "" });
  expect(bytesHeader(layout, object)).toEqual({ byteLength: 7, dataOffset: 36 });
});

test("any bytes give a header or none", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 120 }),
      fc.constantFrom(layout, freeThreaded),
      (object, layout) => {
        const header = unicodeHeader(layout, object);
        if (header !== undefined) expect(Number.isSafeInteger(header.byteLength)).toBe(true);
        bytesHeader(layout, object);
      },
    ),
  );
});
