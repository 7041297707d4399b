import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ByteSource,
  bufferByteSource,
  findDebugImage,
  openImage,
  openLoadedImage,
  ParseError,
} from "../src/index.js";
import { elfFile } from "./fixtures/elf-file.js";
import { XZ_OF_300000_LETTERS } from "./fixtures/xz-file.js";

const symbols = ["_PyRuntime", "Py_Version", "interp_head", "main"].map((name, index) => ({
  name,
  value: index * 16,
  size: 8,
}));
const FILES = ([32, 64] as const).flatMap((bits) =>
  (["gnu", "sysv", "none"] as const).flatMap((hash) =>
    [true, false].map((sectionHeaders) =>
      elfFile({ bits, hash, sectionHeaders, buildId: "0123456789", symtab: symbols, dynsym: symbols }),
    ),
  ),
);

/** Asks everything there is to ask; each answer is a value or a ParseError. Returns how many bytes were read. */
function exercise(bytes: Uint8Array): number {
  let bytesRead = 0;
  const counting = (size: number): ByteSource => ({
    size,
    read: (offset, length) => {
      const part = bytes.subarray(offset, offset + length);
      bytesRead += part.length;
      return part;
    },
  });
  const images = [
    () => openImage(counting(bytes.length)),
    () => openLoadedImage(counting(Number.MAX_SAFE_INTEGER), 0x7f00_0000_0000),
  ];
  for (const open of images) {
    const image = answerOf(open);
    if (!image) continue;
    answerOf(() => image.sections.map((section) => answerOf(() => image.sectionBytes(section))));
    answerOf(() => image.section(".PyRuntime"));
    answerOf(() => image.buildId);
    for (const name of ["_PyRuntime", "main", "absent"]) answerOf(() => image.symbol(name));
    answerOf(() => image.symbols());
    image.loadBias({ address: 0x7f00_0000_0000, fileOffset: 0 });
    for (const { imageOffset, memorySize } of image.segments) image.bytesAt(imageOffset, memorySize);
  }
  return bytesRead;
}

function answerOf<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

describe("any bytes", () => {
  it("give a value or a ParseError", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 512 }), (bytes) => exercise(bytes) >= 0));
  });

  it("give a value or a ParseError after a valid beginning", () => {
    const beginnings = FILES.map((file) => file.subarray(0, 20));
    fc.assert(
      fc.property(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 1024 }), (beginning, rest) => {
        exercise(Uint8Array.from([...beginning, ...rest]));
      }),
      { numRuns: 300 },
    );
  });

  it("give a value or a ParseError where a file was damaged, and no more is read than a few times the file", () => {
    const damage = fc.array(
      fc.tuple(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.constantFrom(0, 1, 3, 0x7f, 0x80, 0xff),
      ),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(fc.constantFrom(...FILES), damage, fc.nat(), (file, changes, cut) => {
        const bytes = Uint8Array.from(file);
        for (const [where, value] of changes) bytes[Math.floor(where * bytes.length)] = value;
        expect(exercise(bytes)).toBeLessThan(200 * bytes.length);
        exercise(bytes.subarray(0, cut % bytes.length));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("any bytes in what leads to a debug file", () => {
  const sources = (debug: Uint8Array) => ({
    path: "/bin/tool",
    openFile: () => ({ ...bufferByteSource(debug), close: () => {} }),
  });
  const search = async (image: Uint8Array, debug: Uint8Array) => {
    try {
      const found = await findDebugImage(openImage(bufferByteSource(image)), sources(debug));
      answerOf(() => found?.image.symbols());
      answerOf(() => found?.image.sections.map((section) => found.image.sectionBytes(section)));
    } catch (error) {
      expect(error).toBeInstanceOf(ParseError);
    }
  };
  const SECTIONS = [".gnu_debuglink", ".gnu_debugdata"];

  it("give a debug file, none, or a ParseError", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SECTIONS),
        fc.uint8Array({ maxLength: 128 }),
        fc.constantFrom(...FILES),
        (name, bytes, debug) => search(elfFile({ moreSections: [{ name, bytes }] }), debug),
      ),
      { numRuns: 300 },
    );
  });

  it("give a debug file, none, or a ParseError where xz data or a debug file was damaged", async () => {
    const buildId = "0123456789";
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...FILES), damage, damage, async (file, changes, otherChanges) => {
        const debug = Uint8Array.from(file);
        for (const [where, value] of changes) debug[where % debug.length] = value;
        const bytes = Uint8Array.from(XZ_OF_300000_LETTERS);
        // The headers before byte 24 have checksums of their own, and nothing after damage in them would be reached.
        for (const [where, value] of otherChanges) bytes[24 + (where % (bytes.length - 24))] = value;
        await search(elfFile({ buildId, moreSections: [{ name: ".gnu_debugdata", bytes }] }), debug);
      }),
      { numRuns: 300 },
    );
  });

  it("give a value or a ParseError in a section that says it is compressed", () => {
    const header = fc.tuple(fc.constantFrom(1, 2, 3), fc.constantFrom(0, 1, 64, 2 ** 28, 2 ** 40));
    const data = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.uint8Array({ maxLength: 64 }).map((bytes) => deflateSync(bytes)),
    );
    fc.assert(
      fc.property(header, data, ([type, size], bytes) => {
        const packed = Buffer.alloc(24 + bytes.length);
        packed.writeUInt32LE(type);
        packed.writeBigUInt64LE(BigInt(size), 8);
        packed.set(bytes, 24);
        const moreSections = [{ name: ".debug_str", bytes: packed, flags: 0x800 }];
        exercise(elfFile({ moreSections }));
      }),
      { numRuns: 300 },
    );
  });
});

describe("hostile tables", () => {
  it("cannot make names take more memory than a few times the file", () => {
    // 4,000 symbols, each of whose names is a long end of the same string.
    const count = 4_000;
    const bytes = elfFile({
      symtab: Array.from({ length: count }, (_, index) => ({
        name: index === 0 ? "a".repeat(60_000) : "b",
        value: index,
      })),
    });
    const image = openImage(bufferByteSource(bytes));
    const table = image.section(".symtab")?.fileOffset ?? 0;
    for (let index = 0; index < count; index++)
      Buffer.from(bytes.buffer).writeUInt32LE(1 + index, table + (index + 1) * 24);
    expect(() => image.symbols()).toThrow(
      expect.objectContaining({ code: "malformed", part: "names of .symtab" }),
    );
  });

  it.each(["gnu", "sysv"] as const)("cannot make a look-up follow a chain for ever (%s)", (hash) => {
    const bytes = elfFile({
      hash,
      dynsym: [{ name: "a" }, ...Array.from({ length: 5000 }, () => ({ name: "b" }))],
    });
    const image = openImage(bufferByteSource(bytes));
    const section = image.section(hash === "gnu" ? ".gnu.hash" : ".hash");
    if (!section) throw new Error("the file was written with a hash table");
    // The chain of the System V table leads from its second symbol back to itself.
    if (hash === "sysv") Buffer.from(bytes.buffer).writeUInt32LE(1, section.fileOffset + 8 + 4 + 4);
    expect(() => image.symbol("absent")).toThrow(expect.objectContaining({ code: "malformed" }));
  });

  it("are not believed about their size before it was compared with the source", () => {
    const bytes = elfFile({ symtab: [{ name: "main" }] });
    const image = openImage(bufferByteSource(bytes));
    const headers = image.sections.findIndex(({ name }) => name === ".symtab");
    const view = new DataView(bytes.buffer);
    const sectionHeadersAt = Number(view.getBigUint64(40, true));
    view.setBigUint64(sectionHeadersAt + (headers + 1) * 64 + 32, 2n ** 60n, true);
    const damaged = openImage(bufferByteSource(bytes));
    expect(() => damaged.symbols()).toThrow(expect.objectContaining({ code: "truncated", part: ".symtab" }));
  });
});
