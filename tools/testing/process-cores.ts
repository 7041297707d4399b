/** Core files of running programs, as the kernel and gdb write them. */
import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  auxiliaryNote,
  type CoreSegmentFields,
  corePieces,
  mappingsNote,
  processNote,
  threadNote,
} from "./core-file.js";
import type { Target } from "./target.js";

/** Takes a core with gdb; the program goes on. */
export function gdbCore(pid: number, path: string): void {
  const quick = ["set auto-solib-add off", "set debuginfod enabled off", "set auto-load off"];
  const options = quick.flatMap((command) => ["-iex", command]);
  const commands = ["-p", String(pid), "-ex", `generate-core-file ${path}`];
  execFileSync("gdb", ["-nx", "-batch", ...options, ...commands], { stdio: "pipe" });
}

/**
 * Ends a program with a signal and returns the path of the core that the kernel wrote. It has to run in `folder` and to have
 * raised its own limit of cores. Where the system hands cores to another program or keeps them elsewhere, which is not a
 * test's to change, the core is written by {@link kernelLikeCore}.
 */
export async function kernelCore(target: Target, folder: string, signal: NodeJS.Signals): Promise<string> {
  const isOurs = !/^[|/]/.test(readFileSync("/proc/sys/kernel/core_pattern", "latin1"));
  const path = join(folder, "core.of-test");
  if (!isOurs) kernelLikeCore(target.pid, path);
  process.kill(target.pid, signal);
  await target.exited;
  if (!isOurs) return path;
  const name = readdirSync(folder).find((file) => file.startsWith("core"));
  if (name === undefined) throw new Error(`the kernel wrote no core in ${folder}`);
  return join(folder, name);
}

const PAGE = 4096;

/**
 * Writes a core of a program that stands still with what the kernel would put there (`vma_dump_size` in fs/coredump.c with the
 * default filter, 0x33): memory that was written to, and the first page of each binary. It has no signal and no registers.
 */
export function kernelLikeCore(pid: number, path: string): void {
  const folder = `/proc/${pid}`;
  const memory = openSync(`${folder}/mem`, "r");
  let pages: number | undefined;
  try {
    pages = openSync(`${folder}/pagemap`, "r");
    const segments: CoreSegmentFields[] = [];
    const touched = new Map<Uint8Array, readonly Run[]>();
    const files: { start: number; end: number; page: number; path: string }[] = [];
    for (const { start, end, permissions, offset, name, wasWritten } of mappingsOf(folder)) {
      if (start > Number.MAX_SAFE_INTEGER || name === "[vvar]" || name === "[vvar_vclock]") continue;
      const isFile = name.startsWith("/");
      if (isFile) files.push({ start, end, page: offset / PAGE, path: name });
      let whole: Buffer | undefined;
      if (name === "[vdso]" || (wasWritten && isFile)) whole = readAt(memory, start, end - start);
      else if (wasWritten) {
        const { bytes, runs } = readPages(memory, pages, start, end - start);
        whole = bytes;
        touched.set(bytes, runs);
      }
      const first = isFile && offset === 0 ? readAt(memory, start, PAGE) : undefined;
      const isBinary = first?.subarray(0, 4).equals(Buffer.from("\x7fELF", "latin1")) === true;
      const bytes = whole ?? (isBinary ? first : undefined) ?? Buffer.alloc(0);
      segments.push({
        address: start,
        bytes,
        memorySize: end - start,
        permissions: permissions.replace(/[-ps]/g, ""),
      });
    }
    const commandLine = readFileSync(`${folder}/cmdline`, "latin1").replaceAll("\0", " ").trim();
    const tids = readdirSync(`${folder}/task`).map(Number);
    const notes = [
      threadNote(64, { tid: pid }),
      processNote(64, { pid, name: "python", commandLine }),
      auxiliaryNote(64, auxiliaryVectorOf(folder)),
      mappingsNote(64, files),
      ...tids.filter((tid) => tid !== pid).map((tid) => threadNote(64, { tid })),
    ];
    writeSparsely(path, corePieces({ segments, notes }), touched);
  } finally {
    if (pages !== undefined) closeSync(pages);
    closeSync(memory);
  }
}

/** Where the notes of a core begin, which is near its end if gdb has written it. */
export function notesAt(core: Buffer): number {
  const [firstHeader, headerSize, PT_NOTE] = [Number(core.readBigUInt64LE(32)), 56, 4];
  for (let entry = firstHeader; ; entry += headerSize) {
    if (core.readUInt32LE(entry) === PT_NOTE) return Number(core.readBigUInt64LE(entry + 8));
  }
}

function* mappingsOf(folder: string) {
  const entry =
    /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) \S+ \d+ *(.*)\n(?:[A-Z]\w+: .*\n)*?Anonymous: +(\d+) kB/gm;
  for (const match of readFileSync(`${folder}/smaps`, "latin1").matchAll(entry)) {
    const [, start = "", end = "", permissions = "", offset = "", name = "", written = ""] = match;
    yield {
      ...{ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), permissions, name },
      offset: Number.parseInt(offset, 16),
      wasWritten: Number(written) > 0,
    };
  }
}

function auxiliaryVectorOf(folder: string): Record<number, number> {
  const bytes = readFileSync(`${folder}/auxv`);
  const values: Record<number, number> = {};
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const type = Number(bytes.readBigUInt64LE(at));
    if (type !== 0) values[type] = Number(bytes.readBigUInt64LE(at + 8));
  }
  return values;
}

/** Bytes from one place to before another. */
type Run = readonly [from: number, to: number];

/**
 * What is there of a mapping of no file, and where; pages that were never touched are zeros. A free-threaded Python has mapped a gigabyte and
 * uses some megabytes of it.
 */
function readPages(
  memory: number,
  pages: number,
  start: number,
  length: number,
): { readonly bytes: Buffer; readonly runs: readonly Run[] } {
  const ENTRY = 8;
  const PRESENT_OR_SWAPPED = 0xc0;
  const entries = readAt(pages, (start / PAGE) * ENTRY, (length / PAGE) * ENTRY);
  const isThere = (at: number): boolean =>
    ((entries[(at / PAGE) * ENTRY + ENTRY - 1] ?? 0) & PRESENT_OR_SWAPPED) !== 0;
  const bytes = Buffer.alloc(length);
  const runs: Run[] = [];
  for (let at = 0; at < length; at += PAGE) {
    const from = at;
    while (at < length && isThere(at)) at += PAGE;
    if (at === from) continue;
    readAt(memory, start + from, at - from).copy(bytes, from);
    runs.push([from, at]);
  }
  return { bytes, runs };
}

/** Leaves holes in the file, as the kernel does, where a piece was not `touched`. */
function writeSparsely(
  path: string,
  pieces: readonly Uint8Array[],
  touched: ReadonlyMap<Uint8Array, readonly Run[]>,
): void {
  const file = openSync(path, "w", 0o600);
  try {
    let end = 0;
    for (const piece of pieces) {
      for (const [from, to] of touched.get(piece) ?? [[0, piece.length]])
        for (let at = from; at < to; ) at += writeSync(file, piece, at, to - at, end + at);
      end += piece.length;
    }
    ftruncateSync(file, end);
  } finally {
    closeSync(file);
  }
}

/** What cannot be read is zeros, as the kernel has it: the guard pages that are in the stacks of threads since glibc 2.42. */
function readAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let offset = 0;
  while (offset < length) {
    try {
      const count = readSync(descriptor, bytes, offset, length - offset, position + offset);
      if (count === 0) break;
      offset += count;
    } catch {
      offset += PAGE;
    }
  }
  return bytes;
}
