import { encode } from "@msgpack/msgpack";
import { ByteWriter } from "../bytes/byte-writer.js";
import type { ProfileMetadata } from "../profile.js";
import type { Nanoseconds, SampleBatch, SampleColumns } from "../sample-batch.js";
import { CHUNK_HEADER, ChunkType, EXT_32 } from "./chunk.js";
import { packColumn } from "./packed-column.js";

/** Rows of samples in one chunk: what a reader has to hold at a time. */
const SAMPLES_A_CHUNK = 65_536;

export function encodeMetadata(metadata: ProfileMetadata): Uint8Array {
  const { command, rate, startTime, title, versions, sampling } = metadata;
  return chunkOf(ChunkType.metadata, {
    command: command.map(text),
    rate,
    startTime,
    ...(title !== undefined && { title: text(title) }),
    ...(versions !== undefined && { versions }),
    ...(sampling !== undefined && { sampling }),
  });
}

export function encodeEnd(duration: Nanoseconds): Uint8Array {
  return chunkOf(ChunkType.end, { duration });
}

/** The chunks of `batch`, at least one. */
export function* encodeBatch(batch: SampleBatch): Generator<Uint8Array> {
  const { frames, nodes, samples } = batch;
  const rows = samples.time.length;
  for (let start = 0; start === 0 || start < rows; start += SAMPLES_A_CHUNK) {
    const description =
      start > 0
        ? {}
        : {
            ...(batch.reset && { reset: true }),
            counters: batch.counters,
            ...unlessEmpty("functions", batch.functions, (record) => [
              text(record.name),
              text(record.qualname),
              text(record.file),
              text(record.module),
              record.firstLine,
              record.kind,
            ]),
            ...(frames.function.length > 0 && { frames: packAll("frames", frames) }),
            ...(nodes.parent.length > 0 && { nodes: packAll("nodes", nodes) }),
            ...unlessEmpty("processes", batch.processes, (record) => [
              record.pid,
              record.startTime,
              record.commandLine.map(text),
              record.parent,
            ]),
            ...unlessEmpty("threads", batch.threads, (record) => [
              record.process,
              record.tid,
              record.pythonId,
              text(record.name),
              record.interpreter,
            ]),
          };
    const some = rows > 0 ? { samples: encodeSamples(samples, start, start + SAMPLES_A_CHUNK) } : {};
    yield chunkOf(ChunkType.batch, { ...description, ...some });
  }
}

function encodeSamples(samples: SampleColumns, start: number, end: number): object {
  const { state, count, cpu, ...others } = samples;
  const columns = cpu.every((time) => time === -1) ? others : { ...others, cpu };
  const packed = Object.entries(columns).map(([name, column]) => [
    name,
    packColumn(scratch, `samples.${name}`, column.subarray(start, end)),
  ]);
  return {
    ...Object.fromEntries(packed),
    state: state.subarray(start, end),
    ...(count !== undefined && { count: float64Bytes(count.subarray(start, end)) }),
  };
}

function packAll(table: string, columns: object): object {
  const entries = Object.entries(columns).map(([name, column]) => [
    name,
    packColumn(scratch, `${table}.${name}`, column),
  ]);
  return Object.fromEntries(entries);
}

function unlessEmpty<Entry>(name: string, entries: readonly Entry[], row: (entry: Entry) => unknown): object {
  return entries.length === 0 ? {} : { [name]: entries.map(row) };
}

/** A text that UTF-8 cannot hold, because of a lone surrogate, is written as the bytes of its UTF-16. */
function text(value: string): string | Uint8Array {
  return LONE_SURROGATE.test(value) ? new Uint8Array(Buffer.from(value, "utf16le")) : value;
}

const LONE_SURROGATE = /\p{Cs}/u;

function float64Bytes(column: Float64Array): Uint8Array {
  scratch.clear();
  for (const value of column) scratch.f64(value);
  return scratch.view().slice();
}

const scratch = new ByteWriter();

function chunkOf(type: number, value: object): Uint8Array {
  const payload = encode(value);
  const chunk = new Uint8Array(CHUNK_HEADER + payload.length);
  const view = new DataView(chunk.buffer);
  view.setUint8(0, EXT_32);
  view.setUint32(1, payload.length);
  view.setUint8(5, type);
  chunk.set(payload, CHUNK_HEADER);
  return chunk;
}
