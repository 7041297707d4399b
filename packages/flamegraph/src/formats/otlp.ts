import { ProtobufWriter } from "../bytes/protobuf-writer.js";
import { printable } from "../printable-text.js";
import type { Profile } from "../profile.js";
import type { ProcessId } from "../sample-batch.js";
import { intervalOf } from "../sample-weights.js";
import { ShownStacks } from "../shown-stacks.js";
import { type ShownTotal, shownTotals } from "../shown-totals.js";
import type { CodeOrigin } from "../source-file.js";
import { creatorOf, type FormatOptions } from "./format-options.js";
import { StringTable } from "./string-table.js";

/**
 * Writes OpenTelemetry profiles: a message `ProfilesData` of opentelemetry.proto.profiles.v1development, as of August 2026. The format is
 * not stable yet, and what of it may change is in this file.
 *
 * There is a resource for each process, with two profiles: `samples` (count) and `wall` (nanoseconds that the samples stand for,
 * see `SampleWeights`). A sample is what one thread spent in one stack. In every table entry 0 is the empty one.
 */
export function* otlp(profile: Profile, options: FormatOptions = {}): Generator<Uint8Array> {
  const shown = new ShownStacks(profile, options);
  const { totals } = shownTotals(profile, shown, true, options);
  const strings = new StringTable();
  const attributes = new AttributeTable(strings);
  /** Only what samples end in: their callers' stacks are not told apart here. */
  const stacks = new Map<number, number>();
  for (const { stack } of totals) if (!stacks.has(stack)) stacks.set(stack, stacks.size + 1);
  const writer = new ProtobufWriter();
  for (const [process, samples] of byProcess(profile, totals)) {
    writer.message(1, (resource) => {
      resource.message(1, (message) => writeResource(message, profile, process));
      resource.message(2, (scope) => {
        scope.message(1, (message) => {
          message.text(1, "pyspy");
          message.text(2, profile.metadata.versions?.["pyspy"] ?? "");
        });
        for (const kind of KINDS) {
          scope.message(2, (message) =>
            writeProfile(message, profile, kind, samples, { stacks, strings, attributes }),
          );
        }
      });
    });
  }
  writer.message(2, (dictionary) =>
    writeDictionary(dictionary, profile, shown, { stacks, strings, attributes }),
  );
  yield writer.view().slice();
}

interface Tables {
  /** The index of each stack in the table of stacks. */
  readonly stacks: ReadonlyMap<number, number>;
  readonly strings: StringTable;
  readonly attributes: AttributeTable;
}

interface Kind {
  readonly type: string;
  readonly unit: string;
  readonly amountOf: (total: ShownTotal) => number;
}

const KINDS: readonly Kind[] = [
  { type: "samples", unit: "count", amountOf: ({ samples }) => samples },
  { type: "wall", unit: "nanoseconds", amountOf: ({ time }) => time },
];

function byProcess(profile: Profile, totals: readonly ShownTotal[]): Map<ProcessId, ShownTotal[]> {
  const processes = new Map<ProcessId, ShownTotal[]>();
  for (const total of totals) {
    const process = profile.threads[total.thread]?.process ?? -1;
    const samples = processes.get(process) ?? [];
    samples.push(total);
    processes.set(process, samples);
  }
  return processes;
}

function writeResource(resource: ProtobufWriter, { processes, metadata }: Profile, id: ProcessId): void {
  const process = processes[id];
  const command = process?.commandLine ?? metadata.command;
  keyValue(resource, "service.name", (value) => value.text(1, printable(command[0] ?? "") || "python"));
  keyValue(resource, "telemetry.sdk.name", (value) => value.text(1, creatorOf(metadata, "/")));
  if (process === undefined) return;
  keyValue(resource, "process.pid", (value) => value.integer(3, process.pid));
  keyValue(resource, "process.command_line", (value) => value.text(1, printable(command.join(" "))));
}

function keyValue(resource: ProtobufWriter, key: string, write: (value: ProtobufWriter) => void): void {
  resource.message(1, (message) => {
    message.text(1, key);
    message.message(2, write);
  });
}

function writeProfile(
  message: ProtobufWriter,
  profile: Profile,
  { type, unit, amountOf }: Kind,
  totals: readonly ShownTotal[],
  { stacks, strings, attributes }: Tables,
): void {
  const { metadata, duration, threads } = profile;
  const valueType = (field: number, typeName: string, unitName: string) =>
    message.message(field, (value) => {
      value.integer(1, strings.idOf(typeName));
      value.integer(2, strings.idOf(unitName));
    });
  valueType(1, type, unit);
  for (const total of totals) {
    const thread = threads[total.thread];
    message.message(2, (sample) => {
      sample.integer(1, stacks.get(total.stack) ?? 0);
      sample.packed(2, [
        ...attributes.ofNumber("thread.id", thread?.tid || thread?.pythonId || 0),
        ...attributes.ofText("thread.name", printable(thread?.name ?? "")),
      ]);
      sample.packed(4, [Math.round(amountOf(total))]);
    });
  }
  if (metadata.startTime > 0) message.fixed64(3, BigInt(Math.round(metadata.startTime * 1000)) * 1000n);
  message.integer(4, Math.round(duration));
  if (metadata.rate === 0) return;
  valueType(5, "wall", "nanoseconds");
  message.integer(6, Math.round(intervalOf(profile)));
}

function writeDictionary(
  dictionary: ProtobufWriter,
  profile: Profile,
  shown: ShownStacks,
  { stacks, strings, attributes }: Tables,
): void {
  const empty = () => {};
  dictionary.message(1, empty);
  dictionary.message(1, (mapping) =>
    mapping.integer(4, strings.idOf(printable(profile.metadata.command[0] ?? ""))),
  );
  dictionary.message(2, empty);
  for (let frame = 0; frame < shown.frames.size; frame++) {
    const id = shown.functionOfFrame(frame);
    dictionary.message(2, (location) => {
      location.integer(1, 1);
      location.message(3, (line) => {
        line.integer(1, id + 1);
        line.integer(2, shown.lineOfFrame(frame));
      });
      const origin = shown.functions[id]?.origin ?? "own";
      location.packed(4, attributes.ofText("profile.frame.type", FRAME_TYPES[origin] ?? "cpython"));
    });
  }
  dictionary.message(3, empty);
  for (const { name, file, firstLine } of shown.functions) {
    dictionary.message(3, (message) => {
      message.integer(1, strings.idOf(name));
      message.integer(3, strings.idOf(file));
      message.integer(4, firstLine);
    });
  }
  dictionary.message(4, (link) => {
    link.bytes(1, new Uint8Array(16));
    link.bytes(2, new Uint8Array(8));
  });
  dictionary.message(7, empty);
  for (const stack of stacks.keys()) {
    dictionary.message(7, (message) => {
      message.packed(
        1,
        shown.framesOf(stack).map((frame) => frame + 1),
      );
    });
  }
  dictionary.message(6, empty);
  attributes.write((write) => dictionary.message(6, write));
  // The table of texts comes last: every text has its number by now.
  for (const text of strings.texts) dictionary.bytes(5, utf8.encode(text));
}

/** Values of the semantic convention `profile.frame.type`. */
const FRAME_TYPES: Readonly<Partial<Record<CodeOrigin, string>>> = { native: "native" };

/** Keys with their values by number, each pair once. */
class AttributeTable {
  readonly #strings: StringTable;
  readonly #ids = new Map<string, number>();
  readonly #writers: ((message: ProtobufWriter) => void)[] = [];

  constructor(strings: StringTable) {
    this.#strings = strings;
  }

  /** The number of the attribute, as a list; none for a value that is empty. */
  ofText(key: string, text: string): readonly number[] {
    return text === "" ? [] : [this.#of(key, `text ${text}`, (value) => value.text(1, text))];
  }

  ofNumber(key: string, number: number): readonly number[] {
    return number === 0 ? [] : [this.#of(key, `number ${number}`, (value) => value.integer(3, number))];
  }

  write(entry: (write: (message: ProtobufWriter) => void) => void): void {
    for (const write of this.#writers) entry(write);
  }

  #of(key: string, identity: string, writeValue: (value: ProtobufWriter) => void): number {
    const keyId = this.#strings.idOf(key);
    const known = this.#ids.get(`${keyId} ${identity}`);
    if (known !== undefined) return known;
    const id = this.#writers.push((message) => {
      message.integer(1, keyId);
      message.message(2, writeValue);
    });
    this.#ids.set(`${keyId} ${identity}`, id);
    return id;
  }
}

const utf8 = new TextEncoder();
