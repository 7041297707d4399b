/** Writes Austin's integers: a sign and six bits in the first byte, seven in every other. */
function integer(value: number): number[] {
  const bytes = [(value < 0 ? 0x40 : 0) | (Math.abs(value) & 0x3f)];
  for (let rest = Math.floor(Math.abs(value) / 64); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(rest & 0x7f);
  }
  return bytes;
}

const text = (value: string) => [...Buffer.from(value), 0];

/** Seven samples of two processes (six before version 4, which has repeats), in 1 ms each, with every kind of event. */
export function mojo(version: number): Uint8Array {
  const metadata = (key: string, value: string) => [1, ...text(key), ...text(value)];
  const stack = (pid: number, thread: string) => [
    2,
    ...integer(pid),
    ...(version >= 3 ? integer(0) : []),
    ...text(thread),
  ];
  const frame = (key: number, file: number, name: number, line: number) => [
    ...[3, ...integer(key), ...integer(file), ...integer(name), ...integer(line)],
    ...(version >= 2 ? [line, 1, 9].flatMap(integer) : []),
  ];
  const reference = (key: number) => [5, ...integer(key)];
  const time = (microseconds: number) => [9, ...integer(microseconds)];
  const string = (key: number, value: string) => [11, ...integer(key), ...text(value)];
  return Uint8Array.from([
    ...Buffer.from("MOJ"),
    ...integer(version),
    ...metadata("austin", "4.0.0"),
    ...metadata("interval", "1000"),
    ...metadata("python", "3.12.1"),
    ...[stack(40, "1f"), string(100, "/srv/a.py"), string(101, "main"), string(102, "f")].flat(),
    // Frames are described as they are unwound, the innermost first, and named from the outermost on.
    ...[
      frame(7000, 1, 102, 3),
      frame(8, 100, 101, 9),
      reference(8),
      reference(7000),
      time(1000),
      [10],
      integer(-4096),
    ].flat(),
    ...[stack(41, "worker"), string(100, "/srv/b.py"), string(102, "main"), frame(8, 100, 102, 1)].flat(),
    ...[reference(8), [6, ...text("do_syscall")], time(4000), [8]].flat(),
    ...[stack(40, "1f"), reference(8), reference(7000), time(1000)].flat(),
    ...(version >= 4 ? [stack(40, "1f"), [13], time(1000)].flat() : []),
    ...metadata("duration", "7000"),
  ]);
}
