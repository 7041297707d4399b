import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Ajv } from "ajv";
import protobuf from "protobufjs";
import { expect } from "vitest";
import { type FormatOptions, type Profile, type ProfileFormatName, profileFormats } from "../../src/index.js";

/** A stack as a reader sees it: the names of its frames from the outermost on, and what it weighs. */
export interface ReadStack {
  readonly names: readonly string[];
  readonly samples?: number;
  readonly nanoseconds?: number;
}

export async function written(
  format: ProfileFormatName,
  profile: Profile,
  options: FormatOptions = {},
): Promise<Buffer> {
  const write = await profileFormats[format].load();
  return Buffer.concat(Array.from(write(profile, options), (piece) => Buffer.from(piece)));
}

/** Readers that share nothing with the writers. Each fails on a file that its format forbids. */
export const readers: Readonly<Partial<Record<ProfileFormatName, (file: Buffer) => readonly ReadStack[]>>> = {
  raw: (file) =>
    utf8Lines(file).map((line) => {
      const [, stack = "", count] = /^(.+) (\d+)$/.exec(line) ?? [];
      return { names: stack.split(";"), samples: Number(count) };
    }),
  speedscope: readSpeedscope,
  chrometrace: readTrace,
  pprof: readPprof,
  firefox: readFirefox,
  otlp: readOtlp,
  jsonl: readJsonl,
};

function utf8Lines(file: Buffer): string[] {
  const lines = new TextDecoder("utf-8", { fatal: true }).decode(file).split("\n");
  expect(lines.pop()).toBe("");
  return lines;
}

// biome-ignore lint/suspicious/noExplicitAny: what JSON and protobuf decoders give is checked by its use here.
type Decoded = any;

function json(file: Buffer): Decoded {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(file);
  return JSON.parse(text, (key, value) => {
    // Strict readers (serde_json) refuse lone surrogates.
    expect(`${key}${typeof value === "string" ? value : ""}`).not.toMatch(/\p{Cs}/u);
    return value;
  });
}

const schemaFile = new URL(
  "../../../../node_modules/speedscope/dist/release/file-format-schema.json",
  import.meta.url,
);
const isSpeedscope = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(schemaFile, "utf8")));

function readSpeedscope(file: Buffer): ReadStack[] {
  const { shared, profiles } = validSpeedscope(file);
  return profiles.flatMap(({ samples, weights, endValue, unit }: Decoded) => {
    expect([unit, weights.length]).toEqual(["seconds", samples.length]);
    expect(weights.reduce((sum: number, weight: number) => sum + weight, 0)).toBeCloseTo(endValue);
    return samples.map((frames: number[], index: number) => ({
      names: frames.map((frame) => shared.frames[frame].name),
      nanoseconds: weights[index] * 1e9,
    }));
  });
}

export function validSpeedscope(file: Buffer): Decoded {
  const parsed = json(file);
  expect(isSpeedscope(parsed), JSON.stringify(isSpeedscope.errors)).toBe(true);
  return parsed;
}

/** Follows the slices of every thread; what a stack weighs is the time in which it was the whole of what was open. */
function readTrace(file: Buffer): ReadStack[] {
  const open = new Map<string, { names: string[]; since: number }>();
  const stacks: ReadStack[] = [];
  for (const { ph, name, ts, pid, tid, args } of json(file)) {
    if (ph === "M") {
      expect(args.name).not.toBe("");
      continue;
    }
    const key = `${pid} ${tid}`;
    const thread = open.get(key) ?? { names: [], since: 0 };
    open.set(key, thread);
    expect(ts).toBeGreaterThanOrEqual(thread.since);
    if (ts > thread.since && thread.names.length > 0) {
      stacks.push({ names: [...thread.names], nanoseconds: (ts - thread.since) * 1000 });
    }
    thread.since = ts;
    if (ph === "B") thread.names.push(name);
    else expect([ph, thread.names.pop()]).toEqual(["E", name]);
  }
  for (const { names } of open.values()) expect(names).toEqual([]);
  return stacks;
}

function messageType(schema: string, name: string): protobuf.Type {
  const text = readFileSync(new URL(`../fixtures/schemas/${schema}.proto`, import.meta.url), "utf8");
  return protobuf.parse(text, { keepCase: true }).root.lookupType(name);
}

const pprofProfile = messageType("pprof", "perftools.profiles.Profile");
const otlpProfiles = messageType("otlp-profiles", "opentelemetry.proto.profiles.v1development.ProfilesData");

function decodeMessage(type: protobuf.Type, bytes: Uint8Array): Decoded {
  return type.toObject(type.decode(bytes), { longs: Number, defaults: true, arrays: true });
}

export function decodePprof(file: Buffer): Decoded {
  return decodeMessage(pprofProfile, gunzipSync(file));
}

function readPprof(file: Buffer): ReadStack[] {
  const {
    sample,
    location,
    function: functions,
    string_table: strings,
    sample_type: types,
  } = decodePprof(file);
  expect(strings[0]).toBe("");
  expect(new Set(strings).size).toBe(strings.length);
  const units = types.map(({ type, unit }: Decoded) => `${strings[type]} ${strings[unit]}`);
  expect(units.slice(0, 2)).toEqual(["samples count", "wall nanoseconds"]);
  const functionById = new Map(functions.map((entry: Decoded) => [entry.id, entry]));
  const locationById = new Map(location.map((entry: Decoded) => [entry.id, entry]));
  expect([functionById.size, locationById.size]).toEqual([functions.length, location.length]);
  return sample.map(({ location_id, value }: Decoded) => {
    expect(value.length).toBe(types.length);
    const names = location_id.map((id: number) => {
      const { line }: Decoded = locationById.get(id);
      return strings[(functionById.get(line[0].function_id) as Decoded).name];
    });
    return { names: names.reverse(), samples: value[0], nanoseconds: value[1] };
  });
}

export function decodeOtlp(file: Buffer): Decoded {
  return decodeMessage(otlpProfiles, file);
}

function readOtlp(file: Buffer): ReadStack[] {
  const { resource_profiles: resources, dictionary } = decodeOtlp(file);
  const { stack_table: stacks, location_table, function_table, string_table: strings } = dictionary;
  for (const [name, table] of Object.entries<Decoded[]>(dictionary)) {
    const zero = { ...table[0] };
    // A link's zero value is its two ids, all zero.
    const values = name === "string_table" ? [table[0]] : Object.values(zero);
    const isZero = values.every(
      (value) => !value || value.length === 0 || Buffer.from(value).every((byte) => byte === 0),
    );
    expect([name, isZero]).toEqual([name, true]);
  }
  const profiles = resources.flatMap(({ scope_profiles }: Decoded) =>
    scope_profiles.flatMap(({ profiles }: Decoded) => profiles),
  );
  return profiles.flatMap(({ sample_type, samples }: Decoded) => {
    const isTime = strings[sample_type.type_strindex] === "wall";
    expect(strings[sample_type.unit_strindex]).toBe(isTime ? "nanoseconds" : "count");
    return samples.map(({ stack_index, values }: Decoded) => {
      const names = stacks[stack_index].location_indices.map(
        (location: number) =>
          strings[function_table[location_table[location].lines[0].function_index].name_strindex],
      );
      return { names: names.reverse(), ...(isTime ? { nanoseconds: values[0] } : { samples: values[0] }) };
    });
  });
}

function readFirefox(file: Buffer): ReadStack[] {
  const { meta, threads, shared } = json(file);
  expect(meta.preprocessedProfileVersion).toBe(57);
  return threads.flatMap((thread: Decoded) => {
    for (const name of ["stackTable", "frameTable", "funcTable", "samples"]) checkTable(thread[name]);
    const { stackTable, frameTable, funcTable, samples } = thread;
    stackTable.prefix.forEach((prefix: number | null, index: number) => {
      expect(prefix ?? -1).toBeLessThan(index);
    });
    expect(samples.timeDeltas.every((delta: number) => delta >= 0)).toBe(true);
    return samples.stack.flatMap((stack: number | null, row: number) => {
      if (stack === null) return [];
      const names: string[] = [];
      for (let at: number | null = stack; at !== null; at = stackTable.prefix[at]) {
        names.push(shared.stringArray[funcTable.name[frameTable.func[stackTable.frame[at]]]]);
      }
      return [{ names: names.reverse(), samples: samples.weight?.[row] ?? 1 }];
    });
  });
}

function checkTable(table: Decoded): void {
  for (const [name, column] of Object.entries<Decoded>(table)) {
    if (Array.isArray(column)) expect([name, column.length]).toEqual([name, table.length]);
  }
}

function readJsonl(file: Buffer): ReadStack[] {
  const stacks = new Map<number, string[]>();
  const read: ReadStack[] = [];
  let samples = 0;
  for (const line of utf8Lines(file)) {
    const entry: Decoded = JSON.parse(line);
    if (entry.type === "stack")
      stacks.set(
        entry.stack,
        entry.frames.map((frame: Decoded) => frame.function),
      );
    if (entry.type === "end") expect(entry.samples).toBe(samples);
    if (entry.type !== "sample") continue;
    samples += entry.count ?? 1;
    read.push({ names: stacks.get(entry.stack) ?? [], samples: entry.count ?? 1, nanoseconds: entry.span });
  }
  return read;
}
