import { decode } from "@msgpack/msgpack";
import { ByteReader } from "../bytes/byte-reader.js";
import type { ProfileMetadata } from "../profile.js";
import { ProfileError } from "../profile-error.js";
import type {
  FunctionRecord,
  ProcessRecord,
  SampleBatch,
  SampleColumns,
  ThreadRecord,
} from "../sample-batch.js";
import { NOTHING_COUNTED } from "../sample-counters.js";
import { unpackFloat64, unpackInt32 } from "./packed-column.js";

/** Decodes the content of one chunk, which begins at byte `at` of its recording. */
export class ChunkDecoder {
  readonly #at: number;
  readonly #value: Fields;

  constructor(payload: Uint8Array, at: number) {
    this.#at = at;
    this.#value = this.#fields(this.#decode(payload), "the chunk");
  }

  metadata(): ProfileMetadata {
    const { command, rate, startTime, title, versions, sampling } = this.#value;
    return {
      command: this.#list(command, "command").map((word) => this.#text(word, "command")),
      rate: this.#amount(rate, "rate"),
      startTime: this.#amount(startTime, "startTime"),
      ...(title !== undefined && { title: this.#text(title, "title") }),
      ...(versions !== undefined && { versions: this.#versions(versions) }),
      ...(sampling !== undefined && { sampling: this.#amounts(sampling, "sampling") }),
    };
  }

  duration(): number {
    return this.#amount(this.#value["duration"], "duration");
  }

  batch(): SampleBatch {
    const { functions, frames, nodes, processes, threads, samples, counters, reset } = this.#value;
    const frameColumns = this.#optionalFields(frames, "frames");
    const nodeColumns = this.#optionalFields(nodes, "nodes");
    return {
      functions: this.#rows(functions, "functions", 6).map((row) => this.#function(row)),
      frames: {
        function: this.#int32(frameColumns["function"], "frames.function"),
        line: this.#int32(frameColumns["line"], "frames.line"),
        column: this.#int32(frameColumns["column"], "frames.column"),
        endLine: this.#int32(frameColumns["endLine"], "frames.endLine"),
        endColumn: this.#int32(frameColumns["endColumn"], "frames.endColumn"),
      },
      nodes: {
        parent: this.#int32(nodeColumns["parent"], "nodes.parent"),
        frame: this.#int32(nodeColumns["frame"], "nodes.frame"),
      },
      processes: this.#rows(processes, "processes", 4).map((row) => this.#process(row)),
      threads: this.#rows(threads, "threads", 5).map((row) => this.#thread(row)),
      samples: this.#samples(this.#optionalFields(samples, "samples")),
      counters: counters === undefined ? NOTHING_COUNTED : this.#counters(counters),
      ...(reset === true && { reset }),
    };
  }

  #function([name, qualname, file, module, firstLine, kind]: readonly unknown[]): FunctionRecord {
    return {
      name: this.#text(name, "functions"),
      qualname: this.#text(qualname, "functions"),
      file: this.#text(file, "functions"),
      module: this.#text(module, "functions"),
      firstLine: this.#amount(firstLine, "functions"),
      kind: kind === "python" || kind === "native" || kind === "gc" ? kind : "other",
    };
  }

  #process([pid, startTime, commandLine, parent]: readonly unknown[]): ProcessRecord {
    return {
      pid: this.#amount(pid, "processes"),
      startTime: this.#amount(startTime, "processes"),
      commandLine: this.#list(commandLine, "processes").map((word) => this.#text(word, "processes")),
      parent: this.#number(parent, "processes"),
    };
  }

  #thread([process, tid, pythonId, name, interpreter]: readonly unknown[]): ThreadRecord {
    return {
      process: this.#amount(process, "threads"),
      tid: this.#amount(tid, "threads"),
      pythonId: this.#amount(pythonId, "threads"),
      name: this.#text(name, "threads"),
      interpreter: this.#amount(interpreter, "threads"),
    };
  }

  #samples({ time: times, thread, node, state, cpu, resident, span, count }: Fields): SampleColumns {
    const time = this.#float64(times, "samples.time");
    return {
      time,
      thread: this.#int32(thread, "samples.thread"),
      node: this.#int32(node, "samples.node"),
      // A copy: the payload is a view of a buffer that the next chunk is read into.
      state: this.#bytes(state, "samples.state").slice(),
      cpu: cpu === undefined ? new Float64Array(time.length).fill(-1) : this.#float64(cpu, "samples.cpu"),
      ...(resident !== undefined && { resident: this.#float64(resident, "samples.resident") }),
      ...(span !== undefined && { span: this.#float64(span, "samples.span") }),
      ...(count !== undefined && { count: this.#rawFloat64(count, "samples.count") }),
    };
  }

  #counters(value: unknown): SampleBatch["counters"] {
    const counted = this.#fields(value, "counters");
    const amount = (name: keyof SampleBatch["counters"]) =>
      this.#amount(counted[name] ?? 0, `counters.${name}`);
    return {
      scheduled: amount("scheduled"),
      taken: amount("taken"),
      missed: amount("missed"),
      attempted: amount("attempted"),
      good: amount("good"),
      torn: amount("torn"),
      unreadable: amount("unreadable"),
    };
  }

  #amounts(value: unknown, part: string): Record<string, number> {
    const entries = Object.entries(this.#fields(value, part));
    return Object.fromEntries(entries.map(([name, amount]) => [name, this.#amount(amount, part)]));
  }

  #versions(value: unknown): Record<string, string> {
    const entries = Object.entries(this.#fields(value, "versions"));
    return Object.fromEntries(entries.map(([name, version]) => [name, this.#text(version, "versions")]));
  }

  #int32(value: unknown, part: string): Int32Array {
    return unpackInt32(this.#reader(value, part));
  }

  #float64(value: unknown, part: string): Float64Array {
    return unpackFloat64(this.#reader(value, part));
  }

  #rawFloat64(value: unknown, part: string): Float64Array {
    const bytes = this.#bytes(value, part).slice();
    return new Float64Array(bytes.buffer, 0, Math.floor(bytes.length / 8));
  }

  #reader(value: unknown, part: string): ByteReader {
    return new ByteReader("recording", this.#bytes(value, part));
  }

  #bytes(value: unknown, part: string): Uint8Array {
    if (value === undefined) return new Uint8Array(0);
    return value instanceof Uint8Array ? value : this.#fail(part);
  }

  #rows(value: unknown, part: string, width: number): readonly (readonly unknown[])[] {
    if (value === undefined) return [];
    return this.#list(value, part).map((row) => {
      const columns = this.#list(row, part);
      return columns.length >= width ? columns : this.#fail(part);
    });
  }

  #list(value: unknown, part: string): readonly unknown[] {
    return Array.isArray(value) ? value : this.#fail(part);
  }

  #text(value: unknown, part: string): string {
    if (value instanceof Uint8Array) return Buffer.from(value).toString("utf16le");
    return typeof value === "string" ? value : this.#fail(part);
  }

  #number(value: unknown, part: string): number {
    return typeof value === "number" && Number.isFinite(value) ? value : this.#fail(part);
  }

  #amount(value: unknown, part: string): number {
    const number = this.#number(value, part);
    return number >= 0 ? number : this.#fail(part);
  }

  #optionalFields(value: unknown, part: string): Fields {
    return value === undefined ? {} : this.#fields(value, part);
  }

  #fields(value: unknown, part: string): Fields {
    return isFields(value) ? value : this.#fail(part);
  }

  #decode(payload: Uint8Array): unknown {
    try {
      // No list can have more entries than there are bytes: what a length claims beyond that is not believed.
      return decode(payload, { maxArrayLength: payload.length, maxMapLength: payload.length });
    } catch (cause) {
      return this.#fail("MessagePack", cause);
    }
  }

  #fail(part: string, cause?: unknown): never {
    const reason = `the chunk at byte ${this.#at} is damaged (${part})`;
    throw new ProfileError("invalid-file", reason, { part: "recording", index: this.#at }, { cause });
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}
