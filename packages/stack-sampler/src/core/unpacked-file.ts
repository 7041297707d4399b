import {
  closeSync,
  createReadStream,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Transform } from "node:stream";
import { type FileSource, fileSourceOf } from "@pyspy/binary-symbols";

export type Compression = "gzip" | "zstd" | "xz" | "lz4";

const MAGIC: readonly (readonly [Compression, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["lz4", [0x04, 0x22, 0x4d, 0x18]],
];

/** How a file is compressed, by what it begins with; undefined if it is not. */
export function compressionOf(start: Uint8Array): Compression | undefined {
  return MAGIC.find(([, bytes]) => bytes.every((byte, index) => start[index] === byte))?.[0];
}

/** Whether this Node can unpack it: zstd from 22.15 on. */
export function canUnpack(compression: Compression): boolean {
  return decompressorFor(compression) !== undefined;
}

/**
 * The contents of a compressed file as a file of its own, which only this user can read and which has no name: whatever happens to
 * us, nothing stays behind. `damage` says what is wrong where the data ends early or is not right; what was before that is there.
 * Rejects with Node's error if the file cannot be read, or the temporary one not be written.
 */
export async function unpackedFile(
  path: string,
  compression: Compression,
): Promise<{ readonly file: FileSource; readonly damage: string | undefined }> {
  const decompressor = decompressorFor(compression);
  if (decompressor === undefined) throw new Error(`there is no decompressor for ${compression}`);
  const descriptor = openNameless();
  try {
    const damage = await unpackInto(descriptor, path, decompressor);
    return { file: fileSourceOf(descriptor), damage };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

async function unpackInto(
  descriptor: number,
  path: string,
  decompressor: Transform,
): Promise<string | undefined> {
  const input = createReadStream(path, { highWaterMark: 1 << 18 });
  let inputError: unknown;
  input.on("error", (error) => {
    inputError = error;
    decompressor.destroy(error);
  });
  input.pipe(decompressor);
  let damage: string | undefined;
  let size = 0;
  const chunks = decompressor[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await nextOf(chunks);
      if (typeof next === "string") damage = next;
      if (typeof next === "string" || next.done) break;
      writeAt(descriptor, next.value, size);
      size += next.value.length;
    }
  } finally {
    input.destroy();
    decompressor.destroy();
  }
  if (inputError !== undefined) throw inputError;
  ftruncateSync(descriptor, size);
  return damage;
}

/** The next piece, or what is wrong with the data. */
async function nextOf(chunks: AsyncIterator<Buffer>): Promise<IteratorResult<Buffer> | string> {
  try {
    return await chunks.next();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Most of a large core are zeros, which take no room in a file with holes. */
function writeAt(descriptor: number, bytes: Buffer, position: number): void {
  if (bytes.equals(zerosOf(bytes.length))) return;
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(descriptor, bytes, written, bytes.length - written, position + written);
  }
}

let zeros = Buffer.alloc(0);

function zerosOf(length: number): Buffer {
  if (zeros.length < length) zeros = Buffer.alloc(length);
  return zeros.subarray(0, length);
}

function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), "pyspy-core-"));
  try {
    return openSync(join(folder, "core"), "wx+", 0o600);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function decompressorFor(compression: Compression): Transform | undefined {
  // Most cores are not compressed, and most programs look at none.
  const zlib = process.getBuiltinModule("node:zlib");
  if (compression === "gzip") return zlib.createGunzip();
  if (compression !== "zstd" || !("createZstdDecompress" in zlib)) return undefined;
  return (zlib.createZstdDecompress as () => Transform)();
}
