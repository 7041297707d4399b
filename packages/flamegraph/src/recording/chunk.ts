/**
 * What a recording is made of (docs/recording-format.md): two MessagePack values that tell the format and its version, then
 * chunks, each an `ext 32` value, so that its length is known before it is read and what is unknown can be passed.
 */
export const RECORDING_VERSION = 1;

/** The text "pyspy" and the version, as MessagePack writes them. */
export const PREAMBLE = Uint8Array.of(0xa5, 0x70, 0x79, 0x73, 0x70, 0x79, RECORDING_VERSION);

/** MessagePack's first byte of an `ext 32`: four bytes of length (big-endian) and one of type follow. */
export const EXT_32 = 0xc9;
export const CHUNK_HEADER = 6;

/** The types of chunks. */
export const ChunkType = { metadata: 1, batch: 2, end: 3 } as const;
