import type { Profile } from "../profile.js";
import type { ThreadId } from "../sample-batch.js";
import { ImportBuilder, type ImportedFrame } from "./import-builder.js";
import { failToRead } from "./import-error.js";

/**
 * Reads collapsed stacks, as py-spy's `raw`, this package's, Austin's and those of CPython's `profiling.sampling`: lines of
 * `frame;frame;frame count`. Lines of Austin's form `# key: value` are notes; its numbers are microseconds.
 *
 * What the frames of these writers say of files, lines, processes and threads is taken apart; any other frame is a name.
 * Samples have no times: they follow each other, in the order of the file, at 100 a second if nothing else is said.
 */
export function readCollapsed(bytes: Uint8Array): Profile {
  const lines = textOf(bytes).split(/\r?\n/);
  const notes = new Map(
    lines.flatMap((line) => {
      const [, key = "", value = ""] = NOTE.exec(line) ?? [];
      return key === "" ? [] : [[key, value] as const];
    }),
  );
  const microseconds = notes.has("austin") ? Number(notes.get("interval") ?? 100) || 100 : undefined;
  const rate = microseconds === undefined ? DEFAULT_RATE : 1e6 / microseconds;
  const builder = new ImportBuilder({ command: [], rate, startTime: 0 });
  lines.forEach((line, index) => {
    if (line.trim() === "" || NOTE.test(line)) return;
    const [, stack = "", number = ""] =
      RECORD.exec(line) ?? failToRead("raw", `line ${index + 1} has no count`, index + 1);
    const count = microseconds === undefined ? Number(number) : Number(number) / microseconds;
    addStack(builder, stack === "" ? [] : stack.split(";"), count, 1e9 / rate);
  });
  return builder.finish();
}

const DEFAULT_RATE = 100;
const NOTE = /^# (\w+): (.*)$/;
const RECORD = /^(?:(.*)\s)?(\d+(?:\.\d+)?)\s*$/;

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder().decode(bytes);
  } catch (cause) {
    return failToRead("raw", "it is too large to be read at once", undefined, cause);
  }
}

function addStack(builder: ImportBuilder, frames: readonly string[], count: number, interval: number): void {
  let pid = 0;
  let thread: { readonly tid?: number; readonly pythonId?: number; readonly name?: string } = {};
  let commandLine: string[] = [];
  let node = -1;
  for (const text of frames) {
    const process = node === -1 ? processOf(text) : undefined;
    const container = node === -1 ? threadOf(text) : undefined;
    if (process !== undefined) {
      pid = process.pid;
      commandLine = process.command === "" ? [] : [process.command];
    } else if (container !== undefined) thread = container;
    else if (text !== "<no frames>" || frames.length > 1)
      node = builder.node(node, builder.frame(frameOf(text)));
  }
  const id: ThreadId = builder.thread({ process: builder.process(pid, commandLine), ...thread });
  const span = count * interval;
  builder.sample({ thread: id, node, time: builder.after(id, span), span, count });
}

/** py-spy: `process 40:"python3 app.py"`; Austin: `P40`. */
function processOf(text: string): { pid: number; command: string } | undefined {
  const [, spelled, command = "", austin] = /^(?:process (\d+):"(.*)"|P(\d+))$/.exec(text) ?? [];
  const pid = spelled ?? austin;
  return pid === undefined ? undefined : { pid: Number(pid), command };
}

/** py-spy: `thread (0x7F00)` or `thread (41): name`; Austin: `T0:7f00` or `T7f00`; CPython: `tid:41`. */
function threadOf(text: string): { tid?: number; pythonId?: number; name?: string } | undefined {
  const [, id, name = ""] = /^thread \((0x[\da-f]+|\d+)\)(?:: (.*))?$/i.exec(text) ?? [];
  if (id !== undefined)
    return id.startsWith("0x") ? { pythonId: Number(id), name } : { tid: Number(id), name };
  const [, tid] = /^tid:(\d+)$/.exec(text) ?? [];
  if (tid !== undefined) return { tid: Number(tid) };
  const [, austin] = /^T(?:\d+:)?([\da-f]+)$/i.exec(text) ?? [];
  return austin === undefined ? undefined : { tid: Number.parseInt(austin, 16) };
}

/** `name (file:line)`, `name (file)` and, of Austin and CPython, `file:name:line`. */
function frameOf(text: string): ImportedFrame {
  const open = text.endsWith(")") ? text.lastIndexOf(" (") : -1;
  if (open !== -1) {
    const [, file = "", line = "0"] = /^(.*?)(?::(\d+))?$/s.exec(text.slice(open + 2, -1)) ?? [];
    return { name: text.slice(0, open), file, line: Number(line) };
  }
  const [, place, called, number] = /^(.+):([^:]+):(\d+)$/s.exec(text) ?? [];
  if (place !== undefined && called !== undefined) return { name: called, file: place, line: Number(number) };
  return { name: text };
}
