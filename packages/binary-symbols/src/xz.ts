import { ParseError } from "./parse-error.js";

/** A hundred times what the symbols of the largest programs take. */
const LARGEST_OUTPUT = 2 ** 28;

/**
 * Unpacks an `.xz` file that is in memory. Throws {@link ParseError}: `unsupported` for more than `limit` bytes, a
 * dictionary above 64 MiB, or filters and checksums that xz does not use by itself, `malformed` for anything else that is wrong.
 * Output is never produced much beyond the limit, however little of the input it takes.
 */
export async function unpackXz(
  packed: Uint8Array,
  part: string,
  limit = LARGEST_OUTPUT,
): Promise<Uint8Array> {
  const { default: xz } = await import("xz-decompress");
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    // Leaving the loop early cancels the stream, which frees the decompressor.
    for await (const chunk of new xz.XzReadableStream(ReadableStream.from([packed]))) {
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
