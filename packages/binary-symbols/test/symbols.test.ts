import { describe, expect, it } from "vitest";
import { bufferByteSource, openImage } from "../src/index.js";
import { elfFile, type SymbolFields } from "./fixtures/elf-file.js";

const SHN_ABS = 0xfff1;
const SHN_COMMON = 0xfff2;
const SHN_XINDEX = 0xffff;
const STT = { NOTYPE: 0, OBJECT: 1, FUNC: 2, SECTION: 3, FILE: 4, TLS: 6, GNU_IFUNC: 10 };
const STB_LOCAL = 0;
const STB_WEAK = 2;

const SYMBOLS: readonly SymbolFields[] = [
  { name: "imported", sectionIndex: 0 },
  { name: "object", value: 0x30, size: 8, type: STT.OBJECT },
  { name: "function", value: 0x20, size: 4, type: STT.FUNC },
  { name: "chosen_when_loaded", value: 0x28, size: 4, type: STT.GNU_IFUNC },
  { name: "label", value: 0x10, type: STT.NOTYPE },
  { name: "weak", value: 0x11, type: STT.FUNC, binding: STB_WEAK },
  { name: "in_a_high_section", value: 0x12, type: STT.FUNC, sectionIndex: SHN_XINDEX },
  { name: "naïve_😀", value: 0x13, type: STT.FUNC },
  { name: "section", value: 0x40, type: STT.SECTION },
  { name: "file.c", type: STT.FILE, sectionIndex: SHN_ABS },
  { name: "per_thread", value: 8, type: STT.TLS },
  { name: "absolute", value: 0x99, type: STT.OBJECT, sectionIndex: SHN_ABS },
  { name: "common", value: 4, type: STT.OBJECT, sectionIndex: SHN_COMMON },
];

const DEFINED = [
  { name: "label", imageOffset: 0x10, size: 0, kind: "other", global: true },
  { name: "weak", imageOffset: 0x11, size: 0, kind: "function", global: true },
  { name: "in_a_high_section", imageOffset: 0x12, size: 0, kind: "function", global: true },
  { name: "naïve_😀", imageOffset: 0x13, size: 0, kind: "function", global: true },
  { name: "function", imageOffset: 0x20, size: 4, kind: "function", global: true },
  { name: "chosen_when_loaded", imageOffset: 0x28, size: 4, kind: "function", global: true },
  { name: "object", imageOffset: 0x30, size: 8, kind: "object", global: true },
];

const open = (...[options]: Parameters<typeof elfFile>) => openImage(bufferByteSource(elfFile(options)));

describe.each([32, 64] as const)("symbols of a %s-bit file", (bits) => {
  it.each([
    ["in .symtab", { symtab: SYMBOLS }],
    ["in .dynsym with a GNU hash table", { dynsym: SYMBOLS, hash: "gnu" }],
    ["in .dynsym with a System V hash table", { dynsym: SYMBOLS, hash: "sysv" }],
    ["in .dynsym without a hash table", { dynsym: SYMBOLS, hash: "none" }],
    ["in both tables", { symtab: SYMBOLS, dynsym: SYMBOLS }],
    ["found through PT_DYNAMIC, GNU hash table", { dynsym: SYMBOLS, hash: "gnu", sectionHeaders: false }],
    [
      "found through PT_DYNAMIC, System V hash table",
      { dynsym: SYMBOLS, hash: "sysv", sectionHeaders: false },
    ],
  ] as const)("are those that have a place in the image, when %s", (_, options) => {
    const image = open({ bits, ...options });
    expect(image.symbols()).toEqual(DEFINED);
    expect(SYMBOLS.map(({ name }) => image.symbol(name)).filter(Boolean)).toEqual(
      SYMBOLS.flatMap(({ name }) => DEFINED.filter((symbol) => symbol.name === name)),
    );
  });
});

describe("symbol", () => {
  it("matches whole names only", () => {
    const image = open({ symtab: [{ name: "PyRuntime_extra" }, { name: "_PyRuntime" }] });
    for (const name of ["PyRuntime", "_PyRuntim", "PyRuntime_extra\0_PyRuntime", ""]) {
      expect(image.symbol(name)).toBeUndefined();
    }
  });

  it("finds a name that is the end of another in the string table", () => {
    const bytes = elfFile({
      symtab: [
        { name: "_Py_Version", value: 1 },
        { name: "?", value: 2 },
      ],
    });
    const table = Buffer.from(bytes.buffer);
    const strings = openImage(bufferByteSource(bytes)).section(".strtab")?.fileOffset ?? 0;
    const symbols = openImage(bufferByteSource(bytes)).section(".symtab")?.fileOffset ?? 0;
    table.writeUInt32LE(table.indexOf("Version\0", strings) - strings, symbols + 2 * 24);
    expect(openImage(bufferByteSource(bytes)).symbol("Version")?.imageOffset).toBe(2);
  });

  it("takes a global symbol before local ones of the same name, and the first of local ones", () => {
    const local = (value: number) => ({ name: "state", value, binding: STB_LOCAL });
    expect(open({ symtab: [local(1), local(2), { name: "state", value: 3 }] }).symbol("state")).toMatchObject(
      {
        imageOffset: 3,
        global: true,
      },
    );
    expect(open({ symtab: [local(1), local(2)] }).symbol("state")).toMatchObject({
      imageOffset: 1,
      global: false,
    });
  });

  it.each([2 ** 17 - 3, 2 ** 17, 2 ** 18 + 5])(
    "finds a name wherever it is in a long table: at %d",
    (place) => {
      // The table begins with an empty name, and a name ends with a zero.
      const symtab: SymbolFields[] = [];
      for (let length = 1; length < place; length += 50_000) {
        symtab.push({
          name: String.fromCharCode(97 + symtab.length).repeat(Math.min(50_000, place - length) - 1),
        });
      }
      symtab.push({ name: "interp_head" });
      const bytes = elfFile({ symtab });
      const strings = openImage(bufferByteSource(bytes)).section(".strtab")?.fileOffset ?? 0;
      expect(Buffer.from(bytes.buffer).indexOf("interp_head", strings) - strings).toBe(place);
      const image = openImage(bufferByteSource(bytes));
      expect([image.symbol("interp_head")?.name, image.symbol("nowhere")]).toEqual([
        "interp_head",
        undefined,
      ]);
    },
  );

  it("finds local symbols that .dynsym does not have", () => {
    const image = open({
      dynsym: [{ name: "exported" }],
      symtab: [{ name: "interp_head", binding: STB_LOCAL, value: 7 }],
    });
    expect(image.symbol("interp_head")?.imageOffset).toBe(7);
  });

  it("does not read .symtab for a name that .dynsym has, or that is nowhere", () => {
    const bytes = elfFile({
      dynsym: [{ name: "_PyRuntime", value: 1 }],
      symtab: [{ name: "_PyRuntime", value: 1 }, { name: "local" }],
    });
    const symtab = openImage(bufferByteSource(bytes)).section(".symtab")?.fileOffset ?? 0;
    const image = openImage({
      size: bytes.length,
      read: (offset, length) => {
        if (offset >= symtab && offset < symtab + 48) throw new Error("read .symtab");
        return bytes.subarray(offset, offset + length);
      },
    });
    expect(image.symbol("_PyRuntime")?.imageOffset).toBe(1);
    expect(image.symbol("nowhere")).toBeUndefined();
    expect(() => image.symbol("local")).toThrow("read .symtab");
  });
});
