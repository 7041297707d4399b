import { describe, expect, it } from "vitest";
import type { Segment } from "../src/index.js";
import { loadBiasOf } from "../src/load-bias.js";

function segment(fields: Partial<Segment>): Segment {
  const { fileSize = 0x1000 } = fields;
  const rights = { readable: true, writable: false, executable: false };
  return {
    fileOffset: 0,
    fileSize,
    imageOffset: 0,
    memorySize: fileSize,
    alignment: 0x1000,
    ...rights,
    ...fields,
  };
}

const BIAS = 0x7f00_0000_0000;

describe("loadBiasOf", () => {
  // As GNU ld lays out a shared library: the page at 0x2000 is the end of the text and the start of the data.
  const text = segment({ fileOffset: 0x1000, fileSize: 0x1df0, imageOffset: 0x1000, executable: true });
  const data = segment({ fileOffset: 0x2df0, fileSize: 0x1300, imageOffset: 0x3df0, writable: true });
  const library = [segment({}), text, data];

  it.each([
    ["the first page", 0, 0],
    ["the first page of the text", 0x1000, 0x1000],
    ["a page that the text shares with the data, mapped as data", 0x2000, 0x3000],
    ["a page in the middle of the data, as RELRO splits it", 0x3000, 0x4000],
    ["the last page of the data", 0x4000, 0x5000],
  ])("explains a mapping of %s", (_, fileOffset, imageOffset) => {
    expect(loadBiasOf(library, true, { address: BIAS + imageOffset, fileOffset })).toBe(BIAS);
  });

  it("has no answer for a part of the file that no segment holds", () => {
    expect(loadBiasOf(library, true, { address: BIAS, fileOffset: 0x5000 })).toBeUndefined();
    expect(loadBiasOf([], true, { address: BIAS, fileOffset: 0 })).toBeUndefined();
  });

  it("tells segments that begin in the same page by whether the mapping is executable", () => {
    const packed = [
      segment({ fileSize: 0x6f0 }),
      segment({ fileOffset: 0x6f0, fileSize: 0x200, imageOffset: 0x16f0, executable: true }),
    ];
    expect(loadBiasOf(packed, true, { address: BIAS, fileOffset: 0 })).toBe(BIAS);
    expect(loadBiasOf(packed, true, { address: BIAS, fileOffset: 0, executable: false })).toBe(BIAS);
    expect(loadBiasOf(packed, true, { address: BIAS + 0x1000, fileOffset: 0, executable: true })).toBe(BIAS);
  });

  it("is zero for a program at a fixed address, and none where the file is only mapped as data", () => {
    const fixed = [
      segment({ imageOffset: 0x400000 }),
      segment({ fileOffset: 0x1e00, imageOffset: 0x402e00 }),
    ];
    expect(loadBiasOf(fixed, false, { address: 0x400000, fileOffset: 0 })).toBe(0);
    expect(loadBiasOf(fixed, false, { address: 0x402000, fileOffset: 0x1000 })).toBe(0);
    expect(loadBiasOf(fixed, false, { address: BIAS, fileOffset: 0 })).toBeUndefined();
  });

  it("knows mappings that begin at the large pages of a segment", () => {
    const large = [
      segment({ fileOffset: 0x1f000, fileSize: 0x100, imageOffset: 0x2f000, alignment: 0x10000 }),
    ];
    expect(loadBiasOf(large, true, { address: BIAS + 0x20000, fileOffset: 0x10000 })).toBe(BIAS);
  });
});
