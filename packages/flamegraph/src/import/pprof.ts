import { ByteReader } from "../bytes/byte-reader.js";
import type { Profile } from "../profile.js";
import type { FrameId } from "../sample-batch.js";
import { ImportBuilder } from "./import-builder.js";
import { failToRead } from "./import-error.js";

/**
 * Reads a pprof profile (https://github.com/google/pprof, proto/profile.proto) that is not compressed (any more): this package's,
 * Go's, austin2pprof's and others'.
 *
 * Of its values, the first that counts is the number of samples and the first that is a time is what they stand for; where one is
 * missing it follows from the other and the period. Threads and processes are those of the labels. Samples have no times: they
 * follow each other. A value below zero, as in differences of profiles, counts as nothing.
 */
export function readPprof(bytes: Uint8Array): Profile {
  const raw = readMessages(new ByteReader("pprof", bytes));
  const text = (index: number) => raw.strings[index] ?? failToRead("pprof", `text ${index} is not there`);
  const types = raw.sampleTypes.map(({ unit }) => text(unit));
  const countAt = types.indexOf("count");
  const timeAt = types.findIndex((unit) => NANOSECONDS.has(unit));
  const scale = NANOSECONDS.get(types[timeAt] ?? "") ?? 0;
  const periodUnit = raw.periodType === undefined ? "" : text(raw.periodType.unit);
  const interval = raw.period * (NANOSECONDS.get(periodUnit) ?? 0) || DEFAULT_INTERVAL;
  const builder = new ImportBuilder({ command: [], rate: 1e9 / interval, startTime: raw.timeNanos / 1e6 });

  const framesOfLocation = new Map<number, readonly FrameId[]>();
  for (const { id, address, lines } of raw.locations) {
    const named = lines.map(({ functionId, line }) => {
      const record = raw.functions.get(functionId);
      if (record === undefined) return failToRead("pprof", `function ${functionId} is not there`);
      const file = text(record.file);
      return builder.frame({
        name: text(record.name) || text(record.systemName),
        file,
        firstLine: lineNumber(record.startLine),
        line: lineNumber(line),
        kind: isPython(file) ? "python" : "native",
      });
    });
    const unnamed = () => builder.frame({ name: `0x${address.toString(16)}`, kind: "native" });
    framesOfLocation.set(id, named.length > 0 ? named : [unnamed()]);
  }
  for (const { locations, values, labels } of raw.samples) {
    let node = -1;
    for (const location of locations.toReversed()) {
      // The first line is the innermost: it was inlined into those after it.
      const frames =
        framesOfLocation.get(location) ?? failToRead("pprof", `location ${location} is not there`);
      for (const frame of frames.toReversed()) node = builder.node(node, frame);
    }
    const { pid = 0, tid = 0, thread: name = "", interpreter = 0 } = containersOf(labels, text);
    const thread = builder.thread({ process: builder.process(pid), tid, name, interpreter });
    const counted = countAt === -1 ? undefined : positive(values[countAt]);
    const timed = timeAt === -1 ? undefined : positive(values[timeAt]) * scale;
    const span = timed ?? (counted ?? 1) * interval;
    const count = counted ?? span / interval;
    if (count > 0 || span > 0)
      builder.sample({ thread, node, time: builder.after(thread, span), span, count });
  }
  return builder.finish(raw.durationNanos > 0 ? raw.durationNanos : undefined);
}

const NANOSECONDS: ReadonlyMap<string, number> = new Map([
  ["nanoseconds", 1],
  ["ns", 1],
  ["microseconds", 1e3],
  ["us", 1e3],
  ["milliseconds", 1e6],
  ["ms", 1e6],
  ["seconds", 1e9],
  ["s", 1e9],
]);

const DEFAULT_INTERVAL = 1e7;

/** A 64-bit number below zero is a large one where it was read. */
function positive(value = 0): number {
  return value < 2 ** 63 ? value : 0;
}

function lineNumber(line: number): number {
  return line < 2 ** 31 ? line : 0;
}

function isPython(file: string): boolean {
  return /\.py[cx]?$|^</.test(file);
}

interface Containers {
  pid?: number;
  tid?: number;
  thread?: string;
  interpreter?: number;
}

/** This package's labels and austin2pprof's. */
function containersOf(labels: readonly Label[], text: (index: number) => string): Containers {
  const containers: Containers = {};
  for (const { key, str, num } of labels) {
    const value = str === 0 ? num : text(str);
    const number = Number(value);
    switch (text(key).toLowerCase()) {
      case "thread":
        containers.thread = String(value);
        break;
      case "thread_id":
      case "thread id":
        if (Number.isSafeInteger(number)) containers.tid = Math.max(0, number);
        break;
      case "pid":
      case "process id":
        if (Number.isSafeInteger(number)) containers.pid = Math.max(0, number);
        break;
      case "interpreter id":
        if (Number.isSafeInteger(number)) containers.interpreter = Math.max(0, number);
        break;
    }
  }
  return containers;
}

interface ValueType {
  readonly unit: number;
}

interface Label {
  readonly key: number;
  readonly str: number;
  readonly num: number;
}

const MOST_INLINED = 1000;

interface FunctionMessage {
  readonly name: number;
  readonly systemName: number;
  readonly file: number;
  readonly startLine: number;
}

interface LocationMessage {
  readonly id: number;
  readonly address: number;
  readonly lines: readonly { readonly functionId: number; readonly line: number }[];
}

interface SampleMessage {
  readonly locations: readonly number[];
  readonly values: readonly number[];
  readonly labels: readonly Label[];
}

interface ProfileMessage {
  readonly sampleTypes: ValueType[];
  readonly samples: SampleMessage[];
  readonly locations: LocationMessage[];
  readonly functions: Map<number, FunctionMessage>;
  readonly strings: string[];
  periodType: ValueType | undefined;
  period: number;
  timeNanos: number;
  durationNanos: number;
}

function readMessages(reader: ByteReader): ProfileMessage {
  const profile: ProfileMessage = {
    sampleTypes: [],
    samples: [],
    locations: [],
    functions: new Map(),
    strings: [],
    periodType: undefined,
    period: 0,
    timeNanos: 0,
    durationNanos: 0,
  };
  for (const { number, value, message } of fields(reader)) {
    if (message !== undefined) readPart(profile, number, message);
    else if (number === 9) profile.timeNanos = positive(value);
    else if (number === 10) profile.durationNanos = positive(value);
    else if (number === 12) profile.period = positive(value);
  }
  if (profile.sampleTypes.length === 0) failToRead("pprof", "it has no sample types");
  return profile;
}

function readPart(profile: ProfileMessage, number: number, message: ByteReader): void {
  switch (number) {
    case 1:
      profile.sampleTypes.push({ unit: integers(message)[2] ?? 0 });
      break;
    case 2:
      profile.samples.push(readSample(message));
      break;
    case 4:
      profile.locations.push(readLocation(message));
      break;
    case 5: {
      const { 1: id = 0, 2: name = 0, 3: systemName = 0, 4: file = 0, 5: startLine = 0 } = integers(message);
      profile.functions.set(id, { name, systemName, file, startLine });
      break;
    }
    case 6:
      profile.strings.push(message.text(message.end - message.position));
      break;
    case 11:
      profile.periodType = { unit: integers(message)[2] ?? 0 };
      break;
  }
}

function readSample(reader: ByteReader): SampleMessage {
  const locations: number[] = [];
  const values: number[] = [];
  const labels: Label[] = [];
  for (const { number, value, message } of fields(reader)) {
    const list = number === 1 ? locations : number === 2 ? values : undefined;
    if (list !== undefined) {
      if (message === undefined) list.push(value);
      else while (!message.atEnd) list.push(message.varint());
    } else if (number === 3 && message !== undefined) {
      const { 1: key = 0, 2: str = 0, 3: num = 0 } = integers(message);
      labels.push({ key, str, num });
    }
  }
  return { locations, values, labels };
}

function readLocation(reader: ByteReader): LocationMessage {
  let id = 0;
  let address = 0;
  const lines: { functionId: number; line: number }[] = [];
  for (const { number, value, message } of fields(reader)) {
    if (number === 1) id = value;
    else if (number === 3) address = value;
    else if (number === 4 && message !== undefined) {
      const { 1: functionId = 0, 2: line = 0 } = integers(message);
      // Each use of a location is as many frames: without a limit a small file could make stacks that fit nowhere.
      if (lines.push({ functionId, line }) > MOST_INLINED) reader.fail("a location has too many lines");
    }
  }
  return { id, address, lines };
}

/** The whole numbers of a message, by field. */
function integers(reader: ByteReader): Record<number, number> {
  const found: Record<number, number> = {};
  for (const { number, value, message } of fields(reader)) if (message === undefined) found[number] = value;
  return found;
}

interface Field {
  readonly number: number;
  /** Of a field that is a number; 0 otherwise. */
  readonly value: number;
  /** Of a field that is a message, a text or a packed list. */
  readonly message: ByteReader | undefined;
}

function* fields(reader: ByteReader): Generator<Field> {
  while (!reader.atEnd) {
    const start = reader.position;
    const tag = reader.varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield { number, value: reader.varint(), message: undefined };
        break;
      case 1:
        yield { number, value: reader.u64(), message: undefined };
        break;
      case 2:
        yield { number, value: 0, message: reader.part(reader.varint()) };
        break;
      case 5:
        yield { number, value: reader.u32(), message: undefined };
        break;
      default:
        reader.fail("there is no field", start);
    }
  }
}
