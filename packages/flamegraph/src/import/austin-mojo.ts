import { ByteReader } from "../bytes/byte-reader.js";
import type { Profile } from "../profile.js";
import { type FrameId, type NodeId, SampleState, type ThreadId } from "../sample-batch.js";
import { ImportBuilder } from "./import-builder.js";
import { failToRead } from "./import-error.js";

const FORMAT = "MOJO";

/**
 * Reads what `austin --binary` writes: MOJO, versions 1 to 4 (https://github.com/P403n1x87/austin/wiki/The-MOJO-file-format).
 *
 * A sample stands for the time of its metric, and its thread's samples follow each other. Of files that hold memory in
 * place of time, samples stand for one interval each. A file that was cut off gives the samples that are whole.
 */
export function readMojo(bytes: Uint8Array): Profile {
  const reader = new ByteReader(FORMAT, bytes, 3);
  const version = readInteger(reader);
  if (!(version >= 1 && version <= 4))
    failToRead(FORMAT, `it is of version ${version}, and only 1 to 4 are known here`);
  const metadata = readMetadata(reader, bytes);
  const interval = Number(metadata.get("interval")) * 1000 || DEFAULT_INTERVAL;
  const python = metadata.get("python");
  const austin = metadata.get("austin");
  const builder = new ImportBuilder({
    command: [],
    rate: 1e9 / interval,
    startTime: 0,
    versions: { ...(python !== undefined && { python }), ...(austin !== undefined && { austin }) },
  });
  new MojoEvents(reader, version, interval, builder).read();
  return builder.finish();
}

/** What stands before the first sample; anything there may be cut off with the file. */
function readMetadata(reader: ByteReader, bytes: Uint8Array): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  try {
    while (bytes[reader.position] === EVENT.metadata) {
      reader.u8();
      const key = reader.zeroEndedText();
      metadata.set(key, reader.zeroEndedText());
    }
  } catch (error) {
    if (!reader.ranOut) throw error;
    reader.position = reader.end;
  }
  return metadata;
}

/** Microseconds are Austin's unit; its default is 100. */
const DEFAULT_INTERVAL = 100_000;

const EVENT = {
  reserved: 0,
  metadata: 1,
  stack: 2,
  frame: 3,
  invalidFrame: 4,
  frameReference: 5,
  kernelFrame: 6,
  collecting: 7,
  idle: 8,
  time: 9,
  memory: 10,
  string: 11,
  stringReference: 12,
  repeat: 13,
  taskStack: 14,
  taskWaiter: 15,
} as const;

interface PendingSample {
  readonly thread: ThreadId;
  node: NodeId;
  state: number;
  span: number;
  hasMetric: boolean;
}

/** Strings and frames are numbered for each process. */
interface ProcessTables {
  readonly strings: Map<number, string>;
  readonly frames: Map<number, FrameId>;
}

class MojoEvents {
  readonly #reader: ByteReader;
  readonly #version: number;
  readonly #interval: number;
  readonly #builder: ImportBuilder;
  readonly #tables = new Map<number, ProcessTables>();
  readonly #lastNode = new Map<ThreadId, NodeId>();
  #current: ProcessTables = { strings: new Map(), frames: new Map() };
  #pending: PendingSample | undefined;

  constructor(reader: ByteReader, version: number, interval: number, builder: ImportBuilder) {
    this.#reader = reader;
    this.#version = version;
    this.#interval = interval;
    this.#builder = builder;
  }

  read(): void {
    const reader = this.#reader;
    while (!reader.atEnd) {
      const start = reader.position;
      try {
        this.#readEvent(reader.u8(), start);
      } catch (error) {
        // The last event was cut off with the file.
        if (!reader.ranOut) throw error;
        break;
      }
    }
    this.#finishSample();
  }

  #readEvent(event: number, start: number): void {
    const reader = this.#reader;
    switch (event) {
      case EVENT.reserved:
        break;
      case EVENT.metadata:
        reader.zeroEndedText();
        reader.zeroEndedText();
        break;
      case EVENT.stack:
        this.#beginSample();
        break;
      case EVENT.frame:
        this.#describeFrame();
        break;
      case EVENT.invalidFrame:
        this.#push(this.#builder.frame({ name: "<invalid>", kind: "other" }));
        break;
      case EVENT.frameReference: {
        const key = readInteger(reader);
        this.#push(this.#current.frames.get(key) ?? reader.fail(`frame ${key} is not there`, start));
        break;
      }
      case EVENT.kernelFrame:
        this.#push(this.#builder.frame({ name: reader.zeroEndedText(), kind: "native" }));
        break;
      case EVENT.collecting:
        if (this.#pending !== undefined) this.#pending.state |= SampleState.collecting;
        this.#push(this.#builder.frame({ name: "<GC>", kind: "gc" }));
        break;
      case EVENT.idle:
        if (this.#pending !== undefined) this.#pending.state &= ~SampleState.active;
        break;
      case EVENT.time: {
        const span = readInteger(reader) * 1000;
        if (this.#pending !== undefined)
          Object.assign(this.#pending, { span: Math.max(0, span), hasMetric: true });
        break;
      }
      case EVENT.memory:
        readInteger(reader);
        if (this.#pending !== undefined) this.#pending.hasMetric = true;
        break;
      case EVENT.string: {
        const key = readInteger(reader);
        this.#current.strings.set(key, reader.zeroEndedText());
        break;
      }
      case EVENT.stringReference:
        readInteger(reader);
        break;
      case EVENT.repeat:
        if (this.#pending !== undefined) this.#pending.node = this.#lastNode.get(this.#pending.thread) ?? -1;
        break;
      case EVENT.taskStack:
      case EVENT.taskWaiter:
        readInteger(reader);
        readInteger(reader);
        break;
      default:
        reader.fail(`there is no event ${event}`, start);
    }
  }

  #beginSample(): void {
    this.#finishSample();
    const reader = this.#reader;
    const pid = Math.max(0, readInteger(reader));
    const interpreter = this.#version >= 3 ? Math.max(0, readInteger(reader)) : 0;
    const name = reader.zeroEndedText();
    const process = this.#builder.process(pid);
    // A number of the thread, in hexadecimal, or its name.
    const id = /^[\da-f]{1,12}$/i.test(name) ? Number.parseInt(name, 16) : 0;
    const thread = this.#builder.thread(
      id === 0
        ? { process, interpreter, name }
        : { process, interpreter, ...(id < 2 ** 32 ? { tid: id } : { pythonId: id }) },
    );
    this.#current = this.#tables.get(pid) ?? { strings: new Map(), frames: new Map() };
    this.#tables.set(pid, this.#current);
    this.#pending = { thread, node: -1, state: SampleState.active, span: this.#interval, hasMetric: false };
  }

  #describeFrame(): void {
    const reader = this.#reader;
    const key = readInteger(reader);
    const file = this.#text(readInteger(reader));
    const name = this.#text(readInteger(reader));
    const line = readInteger(reader);
    const [endLine = 0, column = 0, endColumn = 0] =
      this.#version >= 2 ? [readInteger(reader), readInteger(reader), readInteger(reader)] : [];
    const frame = this.#builder.frame({
      name,
      file,
      line: position(line),
      endLine: position(endLine),
      column: position(column),
      endColumn: position(endColumn),
      kind: /\.py[cx]?$|^</.test(file) ? "python" : "native",
    });
    // This describes the frame; that it is in a stack is said by a reference.
    this.#current.frames.set(key, frame);
  }

  #text(key: number): string {
    if (key === 0) return "";
    if (key === 1) return "<unknown>";
    return this.#current.strings.get(key) ?? this.#reader.fail(`text ${key} is not there`);
  }

  #push(frame: FrameId): void {
    if (this.#pending !== undefined) this.#pending.node = this.#builder.node(this.#pending.node, frame);
  }

  #finishSample(): void {
    const sample = this.#pending;
    this.#pending = undefined;
    // A sample is whole when it has its metric.
    if (sample === undefined || !sample.hasMetric) return;
    const { thread, node, state, span } = sample;
    this.#lastNode.set(thread, node);
    this.#builder.sample({
      thread,
      node,
      state,
      span,
      time: this.#builder.after(thread, span),
      count: span / this.#interval,
    });
  }
}

/** A number whose first byte has a sign and six bits, and every other seven, the lowest first. */
function readInteger(reader: ByteReader): number {
  const first = reader.u8();
  let value = first & 0x3f;
  let unit = 0x40;
  for (let more = (first & 0x80) !== 0, length = 1; more; length++) {
    if (length === 10) reader.fail("a number does not end");
    const byte = reader.u8();
    value += (byte & 0x7f) * unit;
    unit *= 0x80;
    more = (byte & 0x80) !== 0;
  }
  return (first & 0x40) !== 0 ? -value : value;
}

function position(value: number): number {
  return value > 0 && value < 2 ** 31 ? value : 0;
}
