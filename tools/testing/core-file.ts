/** Writes small ELF core files whose every part a test can choose. */

export interface CoreSegmentFields {
  readonly address: number;
  /** What the core has of it. */
  readonly bytes?: Uint8Array;
  /** As many bytes as there are, unless told. */
  readonly memorySize?: number;
  /** As in `ls`: "rw". "rx" and "r" are others; "rw" unless told. */
  readonly permissions?: string;
}

export interface CoreNoteFields {
  readonly type: number;
  readonly bytes: Uint8Array;
  /** "CORE" unless told. */
  readonly owner?: string;
}

export interface CoreFileFields {
  readonly bits?: 32 | 64;
  /** EM_X86_64 or EM_386 unless told. */
  readonly machine?: number;
  readonly segments?: readonly CoreSegmentFields[];
  readonly notes?: readonly CoreNoteFields[];
  /** Behind the memory, where gdb has them. */
  readonly notesLast?: boolean;
  /** Keep the number of program headers in a section header, as files with more than 65534 of them do. */
  readonly extendedNumbering?: boolean;
}

const PERMISSIONS: Readonly<Record<string, number>> = { r: 4, w: 2, x: 1 };

export function coreFile(fields: CoreFileFields): Buffer {
  return Buffer.concat(corePieces(fields));
}

/** The file in pieces, of which one may be a gigabyte. */
export function corePieces(fields: CoreFileFields): Uint8Array[] {
  const { bits = 64, segments = [], notes = [], notesLast = false, extendedNumbering = false } = fields;
  const wide = bits === 64;
  const [headerSize, entrySize, sectionSize] = wide ? [64, 56, 64] : [52, 32, 40];
  const noteBytes = Buffer.concat(notes.map(note));
  const count = segments.length + 1;
  const sectionAt = headerSize + count * entrySize;
  let end = sectionAt + (extendedNumbering ? sectionSize : 0);
  const pieces: Uint8Array[] = [];
  const place = (bytes: Uint8Array): number => {
    const at = end;
    pieces.push(bytes);
    end += bytes.length;
    return at;
  };
  let notesAt = notesLast ? 0 : place(noteBytes);
  const placed = segments.map((segment) => ({ ...segment, at: place(segment.bytes ?? new Uint8Array(0)) }));
  if (notesLast) notesAt = place(noteBytes);

  const loads = placed.map(({ address, bytes, memorySize, permissions = "rw", at }) =>
    programHeader(wide, {
      type: 1,
      flags: [...permissions].reduce((sum, letter) => sum | (PERMISSIONS[letter] ?? 0), 0),
      ...{ offset: at, address, fileSize: bytes?.length ?? 0 },
      memorySize: memorySize ?? bytes?.length ?? 0,
    }),
  );
  const noteHeader = {
    type: 4,
    flags: 0,
    offset: notesAt,
    address: 0,
    fileSize: noteBytes.length,
    memorySize: 0,
  };
  const section = Buffer.alloc(extendedNumbering ? sectionSize : 0);
  // sh_info of the first section header
  if (extendedNumbering) section.writeUInt32LE(count, wide ? 44 : 28);
  const header = Buffer.concat([
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    halves([4, fields.machine ?? (wide ? 62 : 3)]),
    ints([1]),
    words(wide, [0, headerSize, extendedNumbering ? sectionAt : 0]),
    ints([0]),
    halves([
      headerSize,
      entrySize,
      extendedNumbering ? 0xffff : count,
      sectionSize,
      extendedNumbering ? 1 : 0,
      0,
    ]),
  ]);
  return [Buffer.concat([header, programHeader(wide, noteHeader), ...loads, section]), ...pieces];
}

/** `NT_PRSTATUS` of a thread. */
export function threadNote(
  bits: 32 | 64,
  { tid, signal = 0, registers = [] }: { tid: number; signal?: number; registers?: readonly number[] },
): CoreNoteFields {
  const wide = bits === 64;
  const [pid, reg, count] = wide ? [32, 112, 27] : [24, 72, 17];
  const bytes = Buffer.alloc(reg + count * (wide ? 8 : 4) + (wide ? 8 : 4));
  bytes.writeInt16LE(signal, 12);
  bytes.writeInt32LE(tid, pid);
  words(wide, registers).copy(bytes, reg);
  return { type: 1, bytes };
}

/** `NT_PRPSINFO` */
export function processNote(
  bits: 32 | 64,
  { pid, name, commandLine, parentPid = 1, uid = 0 }: ProcessNoteFields,
): CoreNoteFields {
  const wide = bits === 64;
  const bytes = Buffer.alloc(wide ? 136 : 124);
  if (wide) bytes.writeUInt32LE(uid, 16);
  else bytes.writeUInt16LE(uid, 8);
  bytes.writeInt32LE(pid, wide ? 24 : 12);
  bytes.writeInt32LE(parentPid, wide ? 28 : 16);
  bytes.write(name.slice(0, 15), wide ? 40 : 28);
  bytes.write(commandLine.slice(0, 79), wide ? 56 : 44);
  return { type: 3, bytes };
}

export interface ProcessNoteFields {
  readonly pid: number;
  readonly name: string;
  readonly commandLine: string;
  readonly parentPid?: number;
  readonly uid?: number;
}

/** `NT_SIGINFO`; `value` is the address, or the sender's id. */
export function signalNote(
  bits: 32 | 64,
  { number, code, value = 0 }: { number: number; code: number; value?: number },
): CoreNoteFields {
  const bytes = Buffer.alloc(128);
  bytes.writeInt32LE(number, 0);
  bytes.writeInt32LE(code, 8);
  words(bits === 64, [value]).copy(bytes, bits === 64 ? 16 : 12);
  return { type: 0x53494749, bytes };
}

/** `NT_AUXV` */
export function auxiliaryNote(bits: 32 | 64, values: Readonly<Record<number, number>>): CoreNoteFields {
  const pairs = Object.entries(values).flatMap(([type, value]) => [Number(type), value]);
  return { type: 6, bytes: words(bits === 64, [...pairs, 0, 0]) };
}

export interface MappingFields {
  readonly start: number;
  readonly end: number;
  /** In pages of 4096 bytes. */
  readonly page: number;
  readonly path: string;
}

/** `NT_FILE` */
export function mappingsNote(bits: 32 | 64, mappings: readonly MappingFields[]): CoreNoteFields {
  const numbers = mappings.flatMap(({ start, end, page }) => [start, end, page]);
  const names = mappings.map(({ path }) => `${path}\0`).join("");
  return {
    type: 0x46494c45,
    bytes: Buffer.concat([words(bits === 64, [mappings.length, 4096, ...numbers]), Buffer.from(names)]),
  };
}

function note({ type, bytes, owner = "CORE" }: CoreNoteFields): Buffer {
  return Buffer.concat([
    ints([owner.length + 1, bytes.length, type]),
    padded(Buffer.from(`${owner}\0`)),
    padded(bytes),
  ]);
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

interface ProgramHeaderFields {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
}

function programHeader(wide: boolean, fields: ProgramHeaderFields): Buffer {
  const { type, flags, offset, address, fileSize, memorySize } = fields;
  const places = words(wide, [offset, address, 0, fileSize, memorySize]);
  return wide
    ? Buffer.concat([ints([type, flags]), places, words(wide, [4096])])
    : Buffer.concat([ints([type]), places, ints([flags, 4096])]);
}

function words(wide: boolean, values: readonly number[]): Buffer {
  if (!wide) return ints(values);
  const bytes = Buffer.alloc(values.length * 8);
  for (const [index, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), index * 8);
  return bytes;
}

function ints(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}

function halves(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16LE(value, index * 2);
  return bytes;
}
