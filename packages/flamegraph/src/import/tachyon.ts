import { Decompress } from "fzstd";
import { ByteReader } from "../bytes/byte-reader.js";
import type { Profile } from "../profile.js";
import { type NodeId, SampleState } from "../sample-batch.js";
import { ImportBuilder } from "./import-builder.js";
import { failToRead } from "./import-error.js";

const FORMAT = "profiling.sampling";

/**
 * Reads what `python -m profiling.sampling run --binary` writes (CPython 3.15, version 1 of the format), plain or
 * compressed with zstd. Threads have no names in it; their numbers are those of `threading.get_native_id()`.
 *
 * Source: CPython, Modules/_remote_debugging/binary_io.h and binary_io_reader.c.
 */
export function readTachyon(bytes: Uint8Array): Profile {
  const littleEndian = bytes[0] === "H".charCodeAt(0);
  const reader = (start: number, end: number) => new ByteReader(FORMAT, bytes, start, end, littleEndian);
  const header = readHeader(reader(0, HEADER));
  const { stringsAt, framesAt } = header;
  const bodyEnd = bytes.length - FOOTER;
  if (!(stringsAt >= HEADER && stringsAt <= framesAt && framesAt <= bodyEnd)) {
    failToRead(FORMAT, "it was cut off, or its tables are not where it says");
  }
  const footer = reader(bodyEnd, bytes.length);
  const strings = readStrings(reader(stringsAt, framesAt), footer.u32());
  const builder = new ImportBuilder({
    command: [],
    rate: header.interval > 0 ? 1e6 / header.interval : 0,
    startTime: 0,
    versions: { python: header.python },
  });
  const frames = readFrames(reader(framesAt, bodyEnd), footer.u32(), strings, builder);
  const plain = bytes.subarray(HEADER, stringsAt);
  const body = header.compressed ? decompress(plain) : plain;
  readSamples(new ByteReader(FORMAT, body, 0, body.length, littleEndian), frames, builder);
  return builder.finish();
}

const HEADER = 64;
const FOOTER = 32;

function readHeader(reader: ByteReader) {
  reader.u32();
  const version = reader.u32();
  if (version !== 1) failToRead(FORMAT, `it is of version ${version}, and only 1 is known here`);
  const python = [reader.u8(), reader.u8(), reader.u8()].join(".");
  reader.u8();
  // A clock of the writer's own: it says nothing of the day.
  reader.u64();
  const interval = reader.u64();
  // How many samples and threads there are is told by the records.
  reader.u64();
  reader.u32();
  const stringsAt = reader.u64();
  const framesAt = reader.u64();
  const compression = reader.u32();
  if (compression > 1)
    failToRead(FORMAT, `it is compressed in a way that is not known here (${compression})`);
  return { python, interval, stringsAt, framesAt, compressed: compression === 1 };
}

function readStrings(reader: ByteReader, count: number): readonly string[] {
  const strings: string[] = [];
  for (let index = 0; index < count; index++) strings.push(reader.text(reader.varint()));
  return strings;
}

/** Gives the builder's number of each frame. */
function readFrames(
  reader: ByteReader,
  count: number,
  strings: readonly string[],
  builder: ImportBuilder,
): number[] {
  const text = (index: number) => strings[index] ?? failToRead(FORMAT, `text ${index} is not there`);
  const frames: number[] = [];
  for (let index = 0; index < count; index++) {
    const file = text(reader.varint());
    const qualname = text(reader.varint());
    const line = reader.zigzag();
    const endLine = line + reader.zigzag();
    const column = reader.zigzag();
    const endColumn = column + reader.zigzag();
    const opcode = reader.u8();
    const isKnown = line > 0 && line < 2 ** 31 && opcode <= 0xff;
    const hasColumns = isKnown && column >= 0 && endColumn >= 0 && endColumn < 2 ** 31;
    frames.push(
      builder.frame({
        name: qualname.slice(qualname.lastIndexOf(".") + 1) || qualname,
        qualname,
        file: file === "~" ? "" : file,
        kind: KINDS.get(qualname) ?? "python",
        // Columns count from 0 there, and lines from 1.
        ...(isKnown && { line, endLine: Math.min(Math.max(line, endLine), 2 ** 31 - 1) }),
        ...(hasColumns && { column: column + 1, endColumn: endColumn + 1 }),
      }),
    );
  }
  return frames;
}

/** Frames that are no functions. */
const KINDS = new Map<string, "native" | "gc">([
  ["<native>", "native"],
  ["<GC>", "gc"],
]);

/** How a record tells the stack. */
const REPEAT = 0;
const FULL = 1;
const SUFFIX = 2;
const POP_PUSH = 3;

interface ThreadState {
  readonly thread: number;
  time: number;
  /** Nodes of the stack, the outermost first. */
  readonly path: NodeId[];
}

function readSamples(reader: ByteReader, frames: readonly number[], builder: ImportBuilder): void {
  const states = new Map<string, ThreadState>();
  const process = builder.process(0);
  while (!reader.atEnd) {
    const tid = reader.u64();
    const interpreter = reader.u32();
    const key = `${tid} ${interpreter}`;
    const state = states.get(key) ?? {
      thread: builder.thread({ process, tid, interpreter }),
      time: 0,
      path: [],
    };
    states.set(key, state);
    const start = reader.position;
    const encoding = reader.u8();
    if (encoding === REPEAT) {
      for (let left = reader.varint(); left > 0; left--)
        addSample(builder, state, reader.varint(), reader.u8());
      continue;
    }
    const passed = reader.varint();
    const status = reader.u8();
    const depth = state.path.length;
    switch (encoding) {
      case FULL:
        change(reader, builder, frames, state, 0, reader.varint());
        break;
      case SUFFIX: {
        const shared = reader.varint();
        if (shared > depth) reader.fail("a stack shares more than there was", start);
        change(reader, builder, frames, state, shared, reader.varint());
        break;
      }
      case POP_PUSH: {
        const kept = Math.max(0, depth - reader.varint());
        change(reader, builder, frames, state, kept, reader.varint());
        break;
      }
      default:
        reader.fail("there is no record", start);
    }
    addSample(builder, state, passed, status);
  }
}

/** Keeps the outermost `kept` frames and reads `added` others, the innermost first. */
function change(
  reader: ByteReader,
  builder: ImportBuilder,
  frames: readonly number[],
  { path }: ThreadState,
  kept: number,
  added: number,
): void {
  if (added > reader.end - reader.position) reader.fail("a stack is longer than the file");
  const indices: number[] = [];
  for (let index = 0; index < added; index++) indices.push(reader.varint());
  path.length = kept;
  for (const index of indices.reverse()) {
    const frame = frames[index] ?? reader.fail(`frame ${index} is not there`);
    path.push(builder.node(path.at(-1) ?? -1, frame));
  }
}

function addSample(builder: ImportBuilder, state: ThreadState, passed: number, status: number): void {
  // Microseconds. A number that is too large for a clock is not one.
  state.time = Math.min(state.time + passed * 1000, 2 ** 51);
  builder.sample({
    thread: state.thread,
    node: state.path.at(-1) ?? -1,
    time: state.time,
    state: stateOf(status),
  });
}

/** Bits of the status: has the GIL, is on a processor, …, wants the GIL. */
function stateOf(status: number): number {
  let state = 0;
  if ((status & 1) !== 0) state |= SampleState.holdsGil;
  if ((status & 2) !== 0) state |= SampleState.active;
  if ((status & 8) !== 0) state |= SampleState.wantsGil;
  return state;
}

/** Decompresses in pieces, so that a few bytes cannot make gigabytes of memory before it is noticed. */
function decompress(bytes: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  let length = 0;
  let isLast = false;
  try {
    const stream = new Decompress((piece, last) => {
      length += piece.length;
      if (length > MOST_DECOMPRESSED) failToRead(FORMAT, "it is too large to be read at once");
      pieces.push(piece);
      isLast = last ?? false;
    });
    for (let start = 0; start < bytes.length; start += PIECE) {
      stream.push(bytes.subarray(start, start + PIECE), start + PIECE >= bytes.length);
    }
  } catch (cause) {
    failToRead(FORMAT, "its compressed part is damaged", undefined, cause);
  }
  if (!isLast) failToRead(FORMAT, "its compressed part was cut off");
  return Buffer.concat(pieces);
}

const MOST_DECOMPRESSED = 2 ** 30;
const PIECE = 65_536;
