interface Settings {
  readonly compressed?: boolean;
  readonly littleEndian?: boolean;
}

/** A binary file of profiling.sampling with six samples of two threads and every kind of record. */
export function tachyon({ compressed = false, littleEndian = true }: Settings): Uint8Array {
  const fixed = (size: number, value: number) => {
    const bytes = Array.from({ length: size }, (_, index) => Math.floor(value / 256 ** index) % 256);
    return littleEndian ? bytes : bytes.reverse();
  };
  const thread = (tid: number) => [...fixed(8, tid), ...fixed(4, 0)];
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
  const text = (value: string) => [...varint(Buffer.byteLength(value)), ...Buffer.from(value)];
  const passed = (microseconds: number, status: number) => [...varint(microseconds), status];
  // Frames: 0 is main, 1 is leaf. A stack is written the innermost first.
  const records = [
    ...[...thread(41), 1, ...passed(1000, 3), 2, 1, 0],
    ...[...thread(41), 0, 2, ...passed(1000, 3), ...passed(1000, 1)],
    ...[...thread(42), 1, ...passed(1000, 8), 1, 1],
    ...[...thread(41), 3, ...passed(1000, 3), 1, 0],
    ...[...thread(41), 2, ...passed(1000, 3), 1, 1, 1],
  ];
  const body = compressed ? zstdFrame(records) : records;
  const strings = ["/srv/a.py", "main", "C.leaf"].flatMap(text);
  // Zigzag: line, lines to the end, column, columns to the end; then the opcode.
  const frames = [...[0, 1, 18, 0, 8, 10, 255], ...[0, 2, 6, 0, 8, 10, 255]];
  const stringsAt = 64 + body.length;
  const header = [
    ...fixed(4, 0x54414348),
    ...fixed(4, 1),
    ...[3, 15, 2, 0],
    ...fixed(8, 5_000_000),
    ...fixed(8, 1000),
    ...fixed(8, 6),
    ...fixed(4, 2),
    ...fixed(8, stringsAt),
    ...fixed(8, stringsAt + strings.length),
    ...fixed(4, compressed ? 1 : 0),
    ...fixed(4, 1),
  ];
  const footer = [
    ...fixed(4, 3),
    ...fixed(4, 2),
    ...fixed(8, stringsAt + strings.length + frames.length + 32),
    ...fixed(16, 0),
  ];
  return Uint8Array.from([...header, ...body, ...strings, ...frames, ...footer]);
}

/** The smallest Zstandard frame (RFC 8878): a header and one block that is not compressed. */
function zstdFrame(bytes: readonly number[]): number[] {
  const block = bytes.length * 8 + 1;
  return [
    0x28,
    0xb5,
    0x2f,
    0xfd,
    0x20,
    bytes.length,
    block & 0xff,
    (block >> 8) & 0xff,
    block >> 16,
    ...bytes,
  ];
}
