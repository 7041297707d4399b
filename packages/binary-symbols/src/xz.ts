import { ParseError } from "./parse-error.js";

/** The functions of CPython 3.12 take 0.2 MB; unpacking this much takes a second. */
const LARGEST_OUTPUT = 2 ** 26;

/**
 * Unpacks an `.xz` file that is in memory. Throws {@link ParseError}: `unsupported` for more than `limit` bytes, a
 * dictionary above 64 MiB, or filters and checksums that xz does not use by itself; `malformed` for anything else that
 * is wrong. No more than a buffer beyond the limit is ever unpacked. The decompressor (WebAssembly) keeps the memory of
 * the largest dictionary it had.
 */
export async function unpackXz(
  packed: Uint8Array,
  part: string,
  limit = LARGEST_OUTPUT,
): Promise<Uint8Array> {
  const xz = await import("xz-decompress");
  // Node has what a CommonJS module exports in its default; loaders that heed __esModule have no default then.
  const { XzReadableStream } = xz.default ?? xz;
  const unpacked = new XzReadableStream(ReadableStream.from([packed]));
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    // Leaving the loop early cancels the stream, which frees the decompressor.
    for await (const chunk of unpacked) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) break;
    }
  } catch (cause) {
    // XZ_MEMLIMIT_ERROR and XZ_OPTIONS_ERROR of XZ Embedded: valid, but more than it can do.
    const code = /code [46]$/.test(String(cause)) ? "unsupported" : "malformed";
    throw new ParseError(code, "its xz data cannot be unpacked", { part, cause });
  }
  if (length > limit) throw new ParseError("unsupported", `it unpacks to more than ${limit} bytes`, { part });
  return Buffer.concat(chunks, length);
}
