import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  bufferByteSource,
  type DebugFileOptions,
  type DebugImage,
  findDebugImage,
  openImage,
  openLoadedImage,
  ParseError,
} from "../src/index.js";
import { unpackXz } from "../src/xz.js";
import { elfFile, type MoreSection } from "./fixtures/elf-file.js";
import { filesInMemory } from "./fixtures/files-in-memory.js";
import { XZ_OF_300000_LETTERS } from "./fixtures/xz-file.js";

const PATH = "/opt/app/bin/tool";
const BUILD_ID = "abcdef0123";
const BY_BUILD_ID = "/usr/lib/debug/.build-id/ab/cdef0123.debug";
const symtab = [{ name: "interp_head", value: 0x1010, size: 8, type: 1, binding: 0 }];
const dynsym = [{ name: "exported", value: 0x1020 }];
const debugFile = elfFile({ base: 0x1000, buildId: BUILD_ID, symtab, dynsym, onlyDebug: true });
const debugFileOfAnother = elfFile({ buildId: "abcdef9999", symtab, onlyDebug: true });
const debugFileWithoutId = elfFile({ base: 0x1000, symtab, onlyDebug: true });

function debugLink(name: string, crc: number): MoreSection {
  const bytes = Buffer.alloc(Math.ceil((name.length + 1) / 4) * 4 + 4);
  bytes.write(name);
  bytes.writeUInt32LE(crc, bytes.length - 4);
  return { name: ".gnu_debuglink", bytes };
}

function stripped(buildId: string | undefined, ...moreSections: MoreSection[]) {
  const bytes = elfFile({
    base: 0x1000,
    dynsym,
    moreSections,
    ...(buildId === undefined ? {} : { buildId }),
  });
  return openImage(bufferByteSource(bytes));
}

async function search(
  image: ReturnType<typeof stripped>,
  contents: Readonly<Record<string, Uint8Array>>,
  options: Partial<DebugFileOptions> = {},
) {
  const files = filesInMemory(contents);
  const rejected: string[] = [];
  const debug = await findDebugImage(image, {
    path: PATH,
    openFile: files.openFile,
    onRejected: (path, rejection) => rejected.push(`${path}: ${rejection}`),
    ...options,
  });
  expect(files.open).toEqual(debug ? [debug.path] : []);
  return { debug, rejected, tried: files.tried, open: files.open };
}

function place(debug: DebugImage | undefined) {
  return debug && { kind: debug.kind, path: debug.path };
}

describe("findDebugImage", () => {
  it("finds a debug file by the build id, and closes it when told", async () => {
    const { debug, open } = await search(stripped(BUILD_ID), { [BY_BUILD_ID]: debugFile });
    expect(place(debug)).toEqual({ kind: "build-id", path: BY_BUILD_ID });
    debug?.close();
    expect(open).toEqual([]);
  });

  it("finds a debug file by the build id of an image in memory", async () => {
    const bytes = elfFile({ buildId: BUILD_ID, dynsym });
    const image = openLoadedImage(bufferByteSource(bytes), 0x7f00_0000_0000);
    const { debug } = await search(image, { [BY_BUILD_ID]: debugFile });
    expect(debug?.image.symbol("interp_head")?.imageOffset).toBe(0x1010);
    expect(debug?.image.loadBias({ address: 0x7f00_0000_0000, fileOffset: 0 })).toBe(0x7f00_0000_0000);
  });

  it.each([
    ["beside the binary", "/opt/app/bin/tool.debug"],
    ["in .debug beside the binary", "/opt/app/bin/.debug/tool.debug"],
    ["in the tree of debug files", "/usr/lib/debug/opt/app/bin/tool.debug"],
  ])("finds a debug file %s by the debug link", async (_, path) => {
    const image = stripped(undefined, debugLink("tool.debug", crc32(debugFile)));
    const { debug, rejected } = await search(image, { [path]: debugFile });
    expect(place(debug)).toEqual({ kind: "debuglink", path });
    expect(rejected).toEqual([]);
  });

  it("looks in every given directory, by build id first and never at the binary itself", async () => {
    const image = stripped(BUILD_ID, debugLink("tool", 0));
    const { tried } = await search(image, {}, { directories: ["/a", "/b"] });
    expect(tried).toEqual([
      "/a/.build-id/ab/cdef0123.debug",
      "/b/.build-id/ab/cdef0123.debug",
      "/opt/app/bin/.debug/tool",
      "/a/opt/app/bin/tool",
      "/b/opt/app/bin/tool",
    ]);
  });

  it("looks nowhere for a binary that has neither build id nor link", async () => {
    expect(await search(stripped(undefined), {})).toMatchObject({ debug: undefined, tried: [] });
  });

  it("never takes a file of another build, and says so", async () => {
    const image = stripped(BUILD_ID, debugLink("tool.debug", crc32(debugFileOfAnother)));
    const { debug, rejected } = await search(image, {
      [BY_BUILD_ID]: debugFileWithoutId,
      "/opt/app/bin/tool.debug": debugFileOfAnother,
      "/opt/app/bin/.debug/tool.debug": debugFile,
      "/usr/lib/debug/opt/app/bin/tool.debug": Buffer.from("not a binary"),
    });
    expect(debug).toBeUndefined();
    expect(rejected).toEqual([
      `${BY_BUILD_ID}: other-build-id`,
      "/opt/app/bin/tool.debug: other-build-id",
      "/opt/app/bin/.debug/tool.debug: other-checksum",
      "/usr/lib/debug/opt/app/bin/tool.debug: unreadable",
    ]);
  });

  it("goes on to the next place after a file of another build", async () => {
    const image = stripped(BUILD_ID, debugLink("tool.debug", crc32(debugFileWithoutId)));
    const path = "/opt/app/bin/.debug/tool.debug";
    const { debug } = await search(image, {
      [BY_BUILD_ID]: debugFileOfAnother,
      "/opt/app/bin/tool.debug": debugFile,
      [path]: debugFileWithoutId,
    });
    expect(place(debug)).toEqual({ kind: "debuglink", path });
  });

  it("refuses a debug link that is cut off or names a file elsewhere", async () => {
    const bad = (bytes: Uint8Array) => search(stripped(BUILD_ID, { name: ".gnu_debuglink", bytes }), {});
    await expect(bad(Buffer.from("tool.debug"))).rejects.toMatchObject({ code: "truncated" });
    await expect(bad(Buffer.from("tool.debug\0\x0a3"))).rejects.toMatchObject({ code: "truncated" });
    await expect(bad(Buffer.from("../../x\x001234"))).rejects.toMatchObject({ code: "malformed" });
    await expect(bad(Buffer.from("\0\0\x00\x001234"))).rejects.toMatchObject({ code: "malformed" });
  });

  it("closes the file when reading it fails in another way than a parse error", async () => {
    const broken = {
      size: 64,
      read: () => {
        throw new Error("EIO");
      },
    };
    let closed = 0;
    const openFile = () => ({ ...broken, close: () => void closed++ });
    await expect(findDebugImage(stripped(BUILD_ID), { path: PATH, openFile })).rejects.toThrow("EIO");
    expect(closed).toBe(1);
  });
});

describe("a debug image", () => {
  it("has the debug file's symbols and sections, and of the binary what is loaded", async () => {
    const image = stripped(BUILD_ID);
    const { debug } = await search(image, { [BY_BUILD_ID]: debugFile });
    if (!debug) throw new Error("the debug file is there");
    const interpHead = { name: "interp_head", imageOffset: 0x1010, size: 8, kind: "object", global: false };
    expect(debug.image.symbols()).toEqual([interpHead]);
    expect(debug.image.symbol("interp_head")).toEqual(interpHead);
    expect(debug.image.symbol("exported")).toBeUndefined();
    expect(debug.image.section(".dynsym")).toMatchObject({ inFile: false });
    const names = debug.image.section(".strtab");
    expect(names && Buffer.from(debug.image.sectionBytes(names)).toString()).toBe("\0interp_head\0");

    const mapping = { address: 0x7f00_0000_0000, fileOffset: 0 };
    expect(debug.image.loadBias(mapping)).toBe(image.loadBias(mapping));
    expect(debug.image.segments).toEqual(image.segments);
    const runtime = image.section(".PyRuntime")?.imageOffset ?? 0;
    expect(Buffer.from(debug.image.bytesAt(runtime, 8)).toString()).toBe("xdebugpy");
    const { format, architecture, pointerSize, positionIndependent, buildId } = image;
    expect(debug.image).toMatchObject({ format, architecture, pointerSize, positionIndependent, buildId });
  });
});

describe("data in xz", () => {
  const letters = Buffer.alloc(300_000, "a");

  it("is unpacked", async () => {
    const unpacked = await unpackXz(XZ_OF_300000_LETTERS, "data", letters.length);
    expect(Buffer.from(unpacked).equals(letters)).toBe(true);
  });

  it("is refused beyond a limit, without unpacking what comes after it", async () => {
    await expect(unpackXz(XZ_OF_300000_LETTERS, "data", letters.length - 1)).rejects.toMatchObject({
      code: "unsupported",
      message: "Cannot read the data: it unpacks to more than 299999 bytes",
    });
    const cutOff = XZ_OF_300000_LETTERS.subarray(0, -1);
    await expect(unpackXz(cutOff, "data", 100_000)).rejects.toMatchObject({ code: "unsupported" });
    // The decompressor was given back, so the next one does not wait for it.
    expect(await unpackXz(XZ_OF_300000_LETTERS, "data")).toHaveLength(letters.length);
  });

  it("is refused where it is cut off or damaged", async () => {
    const damaged = Buffer.from(XZ_OF_300000_LETTERS);
    damaged.writeUInt8((damaged[34] ?? 0) ^ 1, 34);
    const cutOff = [0, 7, -1].map((end) => XZ_OF_300000_LETTERS.subarray(0, end));
    for (const bytes of [...cutOff, damaged, Buffer.from("xz")]) {
      const error: unknown = await unpackXz(bytes, "data").catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ParseError);
      expect(error).toMatchObject({ code: "malformed", cause: expect.any(Error) });
    }
  });
});
