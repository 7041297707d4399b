import * as zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { bufferByteSource, openImage } from "../src/index.js";
import { elfFile } from "./fixtures/elf-file.js";

const SHF_COMPRESSED = 0x800;
const [ZLIB, ZSTD] = [1, 2];
const TEXT = Buffer.from("names of functions, names of functions, names of functions");

/** Elf32_Chdr or Elf64_Chdr, and what follows it. */
function packed(bits: 32 | 64, type: number, size: number, data: Uint8Array): Buffer {
  const header = Buffer.alloc(bits === 64 ? 24 : 12);
  header.writeUInt32LE(type);
  header.writeUIntLE(size, bits === 64 ? 8 : 4, bits === 64 ? 6 : 4);
  return Buffer.concat([header, data]);
}

function bytesOf(bits: 32 | 64, bytes: Uint8Array): Uint8Array {
  const sections = [{ name: ".debug_str", bytes, flags: SHF_COMPRESSED }];
  const image = openImage(bufferByteSource(elfFile({ bits, moreSections: sections })));
  const section = image.section(".debug_str");
  if (!section) throw new Error("the file was written with this section");
  expect(section).toMatchObject({ compressed: true, size: bytes.length });
  return image.sectionBytes(section);
}

/** A frame of zstd whose one block is not compressed. */
function zstdFrame(data: Uint8Array): Buffer {
  const block = Buffer.alloc(3);
  block.writeUIntLE(data.length * 8 + 1, 0, 3);
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, data.length]), block, data]);
}

describe.each([32, 64] as const)("a compressed section of a %s-bit file", (bits) => {
  it("is unpacked", () => {
    expect(bytesOf(bits, packed(bits, ZLIB, TEXT.length, zlib.deflateSync(TEXT)))).toEqual(
      Uint8Array.from(TEXT),
    );
    expect(bytesOf(bits, packed(bits, ZLIB, 0, zlib.deflateSync("")))).toEqual(new Uint8Array(0));
  });

  it("is unpacked from zstd, or refused where Node has no zstd", () => {
    const unpack = () => bytesOf(bits, packed(bits, ZSTD, TEXT.length, zstdFrame(TEXT)));
    if ("zstdDecompressSync" in zlib) expect(unpack()).toEqual(Uint8Array.from(TEXT));
    else expect(unpack).toThrow("compressed with zstd, which this version of Node cannot unpack");
  });

  const deflated = zlib.deflateSync(TEXT);
  it.each([
    ["has no whole header", packed(bits, ZLIB, 1, deflated).subarray(0, 8), "truncated"],
    ["announces more than can be real", packed(bits, ZLIB, 2 ** 31, deflated), "unsupported"],
    ["is compressed in an unknown way", packed(bits, 3, TEXT.length, deflated), "unsupported"],
    ["is not compressed at all", packed(bits, ZLIB, TEXT.length, TEXT), "malformed"],
    ["ends early", packed(bits, ZLIB, TEXT.length, deflated.subarray(0, 12)), "malformed"],
    ["unpacks to less than it announces", packed(bits, ZLIB, TEXT.length + 1, deflated), "malformed"],
    ["unpacks to more than it announces", packed(bits, ZLIB, TEXT.length - 1, deflated), "malformed"],
    ["unpacks to something and announces nothing", packed(bits, ZLIB, 0, deflated), "malformed"],
  ])("is refused if it %s", (_, bytes, code) => {
    expect(() => bytesOf(bits, bytes)).toThrow(
      expect.objectContaining({ name: "ParseError", code, part: ".debug_str" }),
    );
  });

  it("is not unpacked beyond what it announces", () => {
    expect(() => bytesOf(bits, packed(bits, ZLIB, 1, zlib.deflateSync(Buffer.alloc(2 ** 20))))).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ code: "ERR_BUFFER_TOO_LARGE" }) }),
    );
  });
});
