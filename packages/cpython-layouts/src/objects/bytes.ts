import type { Layout } from "../layout.js";
import { type DataLocation, sizeAt, sizedHeaderEnd, viewOf } from "../object-view.js";
import { decodeText } from "./unicode.js";

/**
 * Where the contents of a `bytes` object are, which is `str` in 2.x.
 *
 * @param object - bytes of the object from its start; `OBJECT_READ_SIZE` are enough
 * @returns undefined if these bytes are not such an object, or too few
 */
export function bytesHeader(layout: Layout, object: Uint8Array): DataLocation | undefined {
  if (object.length < sizedHeaderEnd(layout)) return undefined;
  const byteLength = sizeAt(layout, viewOf(object));
  if (byteLength < 0) return undefined;
  return { byteLength, dataOffset: layout.bytes.ob_sval, dataAddress: undefined };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes that are most likely text (names and file names of 2.x): UTF-8 if that is what they are, else Latin-1. */
export function decodeByteString(data: Uint8Array): string {
  try {
    return utf8.decode(data);
  } catch {
    return decodeText({ kind: 1 }, data);
  }
}
