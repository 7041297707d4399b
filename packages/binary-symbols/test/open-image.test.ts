import { describe, expect, it } from "vitest";
import { bufferByteSource, openImage, openLoadedImage, ParseError } from "../src/index.js";
import { elfFile } from "./fixtures/elf-file.js";

const open = (bytes: Uint8Array) => openImage(bufferByteSource(bytes));

function errorOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

describe("openImage", () => {
  it.each([
    { bits: 64, machine: 62, architecture: "x86-64", pointerSize: 8 },
    { bits: 64, machine: 183, architecture: "aarch64", pointerSize: 8 },
    { bits: 32, machine: 3, architecture: "x86", pointerSize: 4 },
    { bits: 32, machine: 40, architecture: "arm", pointerSize: 4 },
    { bits: 64, machine: 243, architecture: "other", pointerSize: 8 },
  ] as const)("knows $architecture with pointers of $pointerSize bytes", ({ bits, machine, ...known }) => {
    const bytes = elfFile({ bits, machine, buildId: "00ff10" });
    const image = open(bytes);
    const { format, architecture, pointerSize, positionIndependent, segments, buildId } = image;
    expect({ format, architecture, pointerSize, positionIndependent, buildId }).toEqual({
      format: "elf",
      ...known,
      positionIndependent: true,
      buildId: "00ff10",
    });
    const { fileSize = 0 } = segments[0] ?? {};
    expect(segments).toEqual([
      {
        fileOffset: 0,
        fileSize,
        imageOffset: 0,
        memorySize: fileSize + 0x1000,
        readable: true,
        writable: true,
        executable: false,
        alignment: 0x1000,
      },
    ]);
  });

  it("reads no more than the headers", () => {
    const bytes = elfFile({ symtab: [{ name: "main" }] });
    let farthest = 0;
    openImage({
      size: bytes.length,
      read: (offset, length) => {
        farthest = Math.max(farthest, offset + length);
        return bytes.subarray(offset, offset + length);
      },
    });
    expect(farthest).toBe(64 + 3 * 56);
  });

  it("takes the address of a program at a fixed address for its image offset", () => {
    const image = open(elfFile({ type: 2, base: 0x400000 }));
    expect(image.positionIndependent).toBe(false);
    expect(image.segments[0]?.imageOffset).toBe(0x400000);
    expect(image.section(".PyRuntime")?.imageOffset).toBe(0x400000 + 232);
  });

  it("says what kind of section each is", () => {
    const image = open(elfFile());
    expect(image.section(".PyRuntime")).toEqual({
      name: ".PyRuntime",
      imageOffset: 232,
      size: 8,
      fileOffset: 232,
      inFile: true,
      loaded: true,
      compressed: false,
    });
    expect(image.section(".bss")).toMatchObject({ size: 0x1000, inFile: false, loaded: true });
    expect(image.section(".shstrtab")).toMatchObject({ imageOffset: 0, inFile: true, loaded: false });
    expect(image.section(".text")).toBeUndefined();
  });

  it("hands out bytes by image offset and by section", () => {
    const image = open(elfFile({ base: 0x10000 }));
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
    const [runtime, bss, names] = [".PyRuntime", ".bss", ".shstrtab"].map((name) => image.section(name));
    if (!runtime || !bss || !names) throw new Error("the file was written with these sections");
    expect(text(image.bytesAt(0x10000, 4))).toBe("\x7fELF");
    expect(text(image.bytesAt(runtime.imageOffset, 8))).toBe("xdebugpy");
    expect(text(image.sectionBytes(runtime))).toBe("xdebugpy");
    expect(text(image.sectionBytes(names))).toContain("\0.bss\0");
    expect(image.sectionBytes(bss)).toHaveLength(0);
    expect(image.bytesAt(0xffff, 4)).toHaveLength(0);
    expect(image.bytesAt(0x10000, 2 ** 40).length).toBe(image.segments[0]?.fileSize);
  });

  it.each([32, 64] as const)("finds counts that do not fit in the %s-bit header", (bits) => {
    const options = { bits, buildId: "abcd", symtab: [{ name: "main", value: 0x1234 }] };
    const [plain, extended] = [
      open(elfFile(options)),
      open(elfFile({ ...options, extendedNumbering: true })),
    ];
    expect(extended.sections).toEqual(plain.sections);
    expect(extended.segments).toEqual(plain.segments);
    expect(extended.symbols()).toEqual(plain.symbols());
  });

  it("finds the build id and the symbols of a file without section headers", () => {
    const image = open(
      elfFile({ sectionHeaders: false, buildId: "cafe", dynsym: [{ name: "_PyRuntime", value: 8 }] }),
    );
    expect(image.sections).toEqual([]);
    expect(image.buildId).toBe("cafe");
    expect(image.symbol("_PyRuntime")?.imageOffset).toBe(8);
  });

  it("has no build id where there is none", () => {
    expect(open(elfFile()).buildId).toBeUndefined();
    expect(open(elfFile({ sectionHeaders: false })).buildId).toBeUndefined();
  });

  const patched = (offset: number, value: number) => {
    const bytes = elfFile();
    bytes[offset] = value;
    return bytes;
  };
  it.each([
    ["nothing", new Uint8Array(0), "not-an-elf"],
    ["a script", Buffer.from("#!/bin/sh\nexec python3\n"), "not-an-elf"],
    ["half a header", elfFile().subarray(0, 40), "truncated"],
    ["a header without what it announces", elfFile().subarray(0, 64), "truncated"],
    ["a big-endian file", patched(5, 2), "unsupported"],
    ["an unknown byte order", patched(5, 3), "malformed"],
    ["an unknown class", patched(4, 3), "malformed"],
    ["a relocatable file", patched(16, 1), "unsupported"],
    ["program headers of another size", patched(54, 57), "malformed"],
    ["section headers of another size", patched(58, 65), "malformed"],
  ])("refuses %s", (_, bytes, code) => {
    const error = errorOf(() => open(bytes));
    expect(error).toBeInstanceOf(ParseError);
    expect(error).toMatchObject({
      name: "ParseError",
      code,
      message: expect.stringMatching(/^Cannot read the .*[^.]$/),
    });
  });

  it("opens a file that ends before its section headers, and says so when they are asked for", () => {
    const bytes = elfFile();
    const image = open(bytes.subarray(0, bytes.length - 1));
    expect(errorOf(() => image.sections)).toMatchObject({ code: "truncated", part: "section headers" });
  });
});

describe("openLoadedImage", () => {
  const address = 0x7f12_3456_7000;
  it.each([
    ["left as they are in the file", 0, address, 0],
    ["relocated by the dynamic linker", 0, address, address],
    ["of a program at a fixed address", 0x400000, 0x400000, 0],
  ])("finds symbols through pointers %s", (_, base, at, relocatedBy) => {
    const bytes = elfFile({
      base,
      relocatedBy,
      buildId: "0123",
      dynsym: [
        { name: "malloc", sectionIndex: 0 },
        { name: "_PyRuntime", value: base + 0x100, size: 64, type: 1 },
      ],
    });
    const source = bufferByteSource(bytes);
    for (const size of [bytes.length, Number.MAX_SAFE_INTEGER]) {
      const image = openLoadedImage({ size, read: source.read }, at);
      const expected = {
        name: "_PyRuntime",
        imageOffset: base + 0x100,
        size: 64,
        kind: "object",
        global: true,
      };
      expect(image.symbol("_PyRuntime")).toEqual(expected);
      expect(image.symbol("malloc")).toBeUndefined();
      expect(image.symbols()).toEqual([expected]);
      expect(image.sections).toEqual([]);
      expect(image.buildId).toBe("0123");
      expect(image.loadBias({ address: at, fileOffset: 0 })).toBe(at - base);
      expect(Buffer.from(image.bytesAt(base, 4)).toString("latin1")).toBe("\x7fELF");
    }
  });
});
