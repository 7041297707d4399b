import { describe, expect, it } from "vitest";
import { bufferByteSource, openImage, openLoadedImage, ParseError } from "../src/index.js";
import { elfFile } from "./fixtures/elf-file.js";

const BASE = 0x400000;
const DT_STRTAB = 5;
const DYNSYM = ["_PyRuntime", "Py_Version", "PyInterpreterState_Head"].map((name, index) => ({
  name,
  value: BASE + 0x10 * index,
  size: 8,
}));
const placed = DYNSYM.map(({ name, value }) => ({ name, imageOffset: value }));

/** Where the program headers have what, in words of their class. */
const fieldsOf = (bits: 32 | 64) =>
  bits === 64
    ? { start: 64, size: 56, word: 8, p_offset: 8, p_vaddr: 16, p_filesz: 32, p_memsz: 40 }
    : { start: 52, size: 32, word: 4, p_offset: 4, p_vaddr: 8, p_filesz: 16, p_memsz: 20 };

/** A file without section headers; `DT_STRTAB` and its names are where the dynamic section says. */
function program(bits: 32 | 64) {
  const file = elfFile({ bits, base: BASE, type: 2, dynsym: DYNSYM, sectionHeaders: false });
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  const { start, size, word, p_offset, p_filesz, ...fields } = fieldsOf(bits);
  const at = (header: number, field: number) => start + header * size + field;
  const set = (position: number, value: number) => {
    bytes.writeUInt32LE(value, position);
    if (word === 8) bytes.writeUInt32LE(0, position + 4);
  };
  const dynamicAt = bytes.readUInt32LE(at(1, p_offset));
  const tag = (wanted: number): number => {
    for (let entry = dynamicAt; entry < bytes.length; entry += 2 * word) {
      if (bytes.readUInt32LE(entry) === wanted) return entry + word;
    }
    throw new Error(`no tag ${wanted}`);
  };
  /** The third program header becomes a second PT_LOAD, from `split` on, whose bytes are at `fileOffset`. */
  const splitAt = (split: number, fileOffset = split, gap = 0) => {
    const end = bytes.readUInt32LE(at(0, p_filesz));
    bytes.writeUInt32LE(1, at(2, 0));
    for (const field of [p_filesz, fields.p_memsz]) set(at(0, field), split - gap);
    set(at(2, p_offset), fileOffset);
    set(at(2, fields.p_vaddr), BASE + split);
    for (const field of [p_filesz, fields.p_memsz]) set(at(2, field), end - split);
  };
  return { bytes, set, tag, splitAt };
}

describe.each([32, 64] as const)("names of dynamic symbols in a %s-bit program", (bits) => {
  const namesAt = (bytes: Buffer) => bytes.indexOf("Py_Version");

  it("are read through two segments that go on from each other", () => {
    const { bytes, splitAt } = program(bits);
    splitAt(namesAt(bytes) + 4);
    for (const image of [
      openImage(bufferByteSource(bytes)),
      openLoadedImage(bufferByteSource(bytes), BASE),
    ]) {
      expect(image.symbols()).toMatchObject(placed);
      for (const { name, imageOffset } of placed) expect(image.symbol(name)?.imageOffset).toBe(imageOffset);
      expect(image.symbol("absent")).toBeUndefined();
    }
  });

  it("are read through two segments that are far from each other in the file", () => {
    const { bytes, splitAt } = program(bits);
    const split = namesAt(bytes) + 4;
    splitAt(split, bytes.length + 100);
    const moved = Buffer.concat([bytes.fill(0xff, split, split), Buffer.alloc(100), bytes.subarray(split)]);
    moved.fill(0xff, split, bytes.length);
    const image = openImage(bufferByteSource(moved));
    expect(image.symbols()).toMatchObject(placed);
    for (const { name, imageOffset } of placed) expect(image.symbol(name)?.imageOffset).toBe(imageOffset);
  });

  it("are refused where there is a gap between the segments", () => {
    const { bytes, splitAt } = program(bits);
    splitAt(namesAt(bytes) + 4, undefined, 1);
    expect(() => openImage(bufferByteSource(bytes)).symbol("_PyRuntime")).toThrow(ParseError);
  });

  it.each([
    ["outside of all segments", 0x7000_0000],
    ["before the first one", 0x10],
    ["in what is not in the file", BASE + 0xfff],
  ])("are none when they lie %s", (_, address) => {
    const { bytes, set, tag } = program(bits);
    set(tag(DT_STRTAB), address);
    const image = openImage(bufferByteSource(bytes));
    expect([image.symbol("_PyRuntime"), image.symbols()]).toEqual([undefined, []]);
  });

  it("are refused when the file ends in them", () => {
    const { bytes } = program(bits);
    const image = openImage(bufferByteSource(bytes.subarray(0, namesAt(bytes) + 4)));
    expect(image.symbols()).toEqual([]);
  });
});
