import { type ByteSource, readExactly } from "../byte-source.js";
import { segmentsOf } from "../elf/elf-image.js";
import { readElfHeader } from "../elf/header.js";
import { type ElfClass, PT_NOTE } from "../elf/structures.js";
import type { BinaryImage, Segment } from "../image.js";
import { ParseError } from "../parse-error.js";
import { type CoreNote, notesOf } from "./notes.js";
import {
  NT_386_TLS,
  NT_AUXV,
  NT_FILE,
  NT_PRPSINFO,
  NT_PRSTATUS,
  NT_SIGINFO,
  parseAuxiliaryVector,
  parseMappings,
  parseProcessInfo,
  parseSignal,
  parseThread,
  parseTlsBase,
} from "./structures.js";

/** What a core file tells of the process that it was. */
export interface CoreFile {
  readonly architecture: BinaryImage["architecture"];
  readonly pointerSize: 4 | 8;
  /**
   * What was mapped, by ascending address (`imageOffset` is the address). A segment whose `fileSize` is less than its
   * `memorySize` was not written whole: the kernel leaves out what the mapped file has as well. gdb leaves such segments out.
   */
  readonly segments: readonly Segment[];
  /** How long the file should be; it was cut off if it is shorter. */
  readonly fullSize: number;
  /** `NT_PRPSINFO` */
  readonly process: CoreProcessInfo | undefined;
  /** `NT_PRSTATUS`, a thread each. The first is the one that a signal ended, or that the debugger looked at. */
  readonly threads: readonly CoreThreadInfo[];
  /** `NT_SIGINFO`, else what the first thread's `NT_PRSTATUS` says; undefined if no signal had been delivered. */
  readonly signal: CoreSignal | undefined;
  /** `NT_AUXV`: values by type (`AT_EXECFN` is 31). */
  readonly auxiliaryVector: ReadonlyMap<number, number>;
  /** `NT_FILE`: which files were mapped where, by ascending address. */
  readonly mappings: readonly CoreMapping[];
}

/** A process at its end. */
export interface CoreProcessInfo {
  readonly pid: number;
  readonly parentPid: number;
  readonly uid: number;
  /** Name of the program, cut off after 15 bytes. */
  readonly name: string;
  /** The command line with its arguments separated by blanks, cut off after 79 bytes. */
  readonly commandLine: string;
}

export interface CoreThreadInfo {
  readonly tid: number;
  /** Where its thread-local storage is, which is what `pthread_self` returns; undefined where that is not known. */
  readonly threadPointer: number | undefined;
  /** Its registers as the kernel writes them (`pr_reg`), in the order of the architecture. */
  readonly registers: Uint8Array;
}

export interface CoreSignal {
  readonly number: number;
  /** `si_code`: why it was sent; undefined if only the number is known. */
  readonly code: number | undefined;
  /** `si_addr`: what it is about, for the signals that the processor raises. */
  readonly address: number | undefined;
  /** `si_pid`, for those that a process sent. */
  readonly senderPid: number | undefined;
}

/** A part of a file that was mapped. */
export interface CoreMapping {
  readonly start: number;
  readonly end: number;
  readonly fileOffset: number;
  /** As the kernel says it, with " (deleted)" behind it when it had no name any more. */
  readonly path: string;
}

/**
 * Reads what an ELF core file tells about its process. Memory is not read: find it by {@link CoreFile.segments}. Notes that are cut
 * off or damaged are left out. Throws {@link ParseError}: `not-an-elf`, `not-a-core`, `truncated`, `malformed`, `unsupported`.
 *
 * ```ts
 * using file = openFileSource("core");
 * const { process, signal, threads } = readCoreFile(file);
 * console.log(`process ${process?.pid} of ${threads.length} threads was ended by signal ${signal?.number}`);
 * ```
 */
export function readCoreFile(source: ByteSource): CoreFile {
  const header = readElfHeader(source);
  if (!header.isCore) {
    throw new ParseError("not-a-core", "it is a program or a shared library", { part: "core file" });
  }
  const segments = segmentsOf(header).sort((left, right) => left.imageOffset - right.imageOffset);
  let fullSize = 0;
  for (const { p_offset, p_filesz } of header.programHeaders) {
    if (p_filesz > 0) fullSize = Math.max(fullSize, p_offset + p_filesz);
  }
  const notes = header.programHeaders
    .filter(({ p_type }) => p_type === PT_NOTE)
    .map(({ p_offset, p_filesz }) => notesOf(source, p_offset, p_filesz));
  return {
    architecture: header.architecture,
    pointerSize: header.elfClass.pointerSize,
    segments,
    fullSize,
    ...readNotes(source, notes.flat(), header.elfClass, header.architecture),
  };
}

/** More than the kernel ever writes (4 MiB of names of files); gdb has no limit. */
const LARGEST_NOTE = 1 << 26;

function readNotes(
  source: ByteSource,
  notes: readonly CoreNote[],
  elfClass: ElfClass,
  architecture: BinaryImage["architecture"],
): Pick<CoreFile, "process" | "threads" | "signal" | "auxiliaryVector" | "mappings"> {
  let process: CoreProcessInfo | undefined;
  let signal: CoreSignal | undefined;
  let currentSignal = 0;
  let auxiliaryVector: ReadonlyMap<number, number> = new Map();
  let mappings: readonly CoreMapping[] = [];
  const threads: CoreThreadInfo[] = [];
  for (const { type, offset, size } of notes) {
    // Registers of many kinds, which are most of the notes, are passed over unread.
    if (!WANTED.has(type) || size > LARGEST_NOTE || offset + size > source.size) continue;
    const view = readExactly(source, offset, size, "notes");
    const last = threads.at(-1);
    if (type === NT_PRSTATUS) {
      const thread = parseThread(view, elfClass, architecture);
      if (thread === undefined) continue;
      if (threads.length === 0) currentSignal = thread.signal;
      threads.push(thread.info);
    } else if (type === NT_386_TLS && last !== undefined && architecture === "x86") {
      threads[threads.length - 1] = { ...last, threadPointer: parseTlsBase(view, last.registers) };
    } else if (type === NT_PRPSINFO) process ??= parseProcessInfo(view, elfClass);
    else if (type === NT_SIGINFO) signal ??= parseSignal(view, elfClass);
    else if (type === NT_AUXV) auxiliaryVector = parseAuxiliaryVector(view, elfClass);
    else if (type === NT_FILE) mappings = parseMappings(view, elfClass);
  }
  if (signal === undefined && currentSignal !== 0) {
    signal = { number: currentSignal, code: undefined, address: undefined, senderPid: undefined };
  }
  return { process, threads, signal, auxiliaryVector, mappings };
}

const WANTED = new Set([NT_PRSTATUS, NT_PRPSINFO, NT_SIGINFO, NT_AUXV, NT_FILE, NT_386_TLS]);
