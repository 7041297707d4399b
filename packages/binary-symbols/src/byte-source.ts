/** Bytes that can be read at any position: a file, a buffer, or the memory where a file is mapped. */
export interface ByteSource {
  /** Length in bytes; Number.MAX_SAFE_INTEGER where it is not known. */
  readonly size: number;
  /** Bytes [offset, offset + length), fewer where the source ends or cannot be read. Valid until changed by the caller. */
  read(offset: number, length: number): Uint8Array;
}
