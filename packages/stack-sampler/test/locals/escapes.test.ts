import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPrintable, plainText, quote } from "../../src/locals/escapes.js";

function quoted(text: string, room = 1000): string {
  const points = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  return quote(points, room, isPrintable).text;
}

describe("a string is quoted as Python does", () => {
  test.each([
    ["", "''"],
    ["it's", `"it's"`],
    ['say "hi"', `'say "hi"'`],
    [`both ' and "`, `'both \\' and "'`],
    ["\t\n\r\\\x00\x1b\x7f", "'\\t\\n\\r\\\\\\x00\\x1b\\x7f'"],
    ["é\xa0\xad", "'é\\xa0\\xad'"],
    ["\u202e\u2028中", "'\\u202e\\u2028中'"],
    ["\ud800", "'\\ud800'"],
    ["😀\u{e0001}", "'😀\\U000e0001'"],
  ])("%j", (text, expected) => {
    expect(quoted(text)).toBe(expected);
  });
});

test("what is too long ends where a character ends", () => {
  expect(quote([0x61, 0x1b, 0x62], 6, isPrintable)).toEqual({ text: "'a'", count: 1 });
  expect(quote([0x61, 0x1b, 0x62], 7, isPrintable)).toEqual({ text: "'a\\x1b'", count: 2 });
  expect(quote([0x1b], 2, isPrintable)).toEqual({ text: "'\\x1b'", count: 1 });
});

test("whatever the points are, nothing that a terminal could obey comes out", () => {
  const printable = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u;
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 0xffffffff })),
      fc.string({ unit: "binary" }),
      (points, text) => {
        expect(quote(points, 100, isPrintable).text).toMatch(printable);
        expect(plainText(text)).toMatch(printable);
      },
    ),
  );
});

test("a name that is too long is cut", () => {
  expect(plainText("x".repeat(300))).toBe(`${"x".repeat(256)}...`);
});
