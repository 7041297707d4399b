/**
 * The notes of Linux core files. Sources: Linux, include/uapi/linux/elf.h, include/linux/elfcore.h (`elf_prstatus`,
 * `elf_prpsinfo`), `fill_files_note` in fs/binfmt_elf.c, include/uapi/asm-generic/siginfo.h.
 */
import { type ElfClass, readWord } from "../elf/structures.js";
import type { BinaryImage } from "../image.js";
import type { CoreMapping, CoreProcessInfo, CoreSignal, CoreThreadInfo } from "./core-file.js";

export const NT_PRSTATUS = 1;
export const NT_PRPSINFO = 3;
export const NT_AUXV = 6;
export const NT_386_TLS = 0x200;
export const NT_FILE = 0x46494c45;
export const NT_SIGINFO = 0x53494749;

/** Where fields are in the two classes. */
const FIELDS = {
  4: { pr_pid: 24, pr_reg: 72, psinfo_uid: 8, psinfo_pid: 12, pr_fname: 28, pr_psargs: 44, si_fields: 12 },
  8: { pr_pid: 32, pr_reg: 112, psinfo_uid: 16, psinfo_pid: 24, pr_fname: 40, pr_psargs: 56, si_fields: 16 },
} as const;

const PR_CURSIG = 12;
const FNAME_BYTES = 16;
const PSARGS_BYTES = 80;
/** Index of `fs_base` in the `user_regs_struct` of x86-64. */
const FS_BASE = 21;
/** Index of `gs` in that of i386. */
const GS = 10;
/** `entry_number`, `base_addr`, `limit`, flags */
const USER_DESC_BYTES = 16;

/** A thread, and the signal that it was being given. */
export function parseThread(
  view: DataView,
  { pointerSize }: ElfClass,
  architecture: BinaryImage["architecture"],
): { readonly info: CoreThreadInfo; readonly signal: number } | undefined {
  const { pr_pid, pr_reg } = FIELDS[pointerSize];
  if (view.byteLength < pr_reg) return undefined;
  // Behind the registers is `pr_fpvalid`, an int.
  const length = Math.max(0, view.byteLength - pr_reg - pointerSize);
  const registers = new Uint8Array(view.buffer, view.byteOffset + pr_reg, length).slice();
  return {
    info: {
      tid: view.getInt32(pr_pid, true),
      threadPointer: architecture === "x86-64" ? register64(registers, FS_BASE) || undefined : undefined,
      registers,
    },
    signal: view.getInt16(PR_CURSIG, true),
  };
}

function register64(registers: Uint8Array, index: number): number | undefined {
  if (registers.length < (index + 1) * 8) return undefined;
  const view = new DataView(registers.buffer, registers.byteOffset + index * 8, 8);
  return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
}

/** i386 keeps the base of thread-local storage in a descriptor that `gs` selects. */
export function parseTlsBase(view: DataView, registers: Uint8Array): number | undefined {
  if (registers.length < (GS + 1) * 4) return undefined;
  const selector = new DataView(registers.buffer, registers.byteOffset).getUint32(GS * 4, true);
  for (let at = 0; at + USER_DESC_BYTES <= view.byteLength; at += USER_DESC_BYTES) {
    if (view.getUint32(at, true) === selector >>> 3) return view.getUint32(at + 4, true);
  }
  return undefined;
}

export function parseProcessInfo(view: DataView, { pointerSize }: ElfClass): CoreProcessInfo | undefined {
  const { psinfo_uid, psinfo_pid, pr_fname, pr_psargs } = FIELDS[pointerSize];
  if (view.byteLength < pr_psargs) return undefined;
  return {
    pid: view.getInt32(psinfo_pid, true),
    parentPid: view.getInt32(psinfo_pid + 4, true),
    uid: pointerSize === 8 ? view.getUint32(psinfo_uid, true) : view.getUint16(psinfo_uid, true),
    name: textAt(view, pr_fname, FNAME_BYTES),
    commandLine: textAt(view, pr_psargs, PSARGS_BYTES).trimEnd(),
  };
}

/** Signals that the processor raises have the address that they are about; others that a process sent have its id. */
const SIGNALS_WITH_ADDRESS = new Set([4, 5, 7, 8, 11]);
/** `SI_USER`, `SI_QUEUE`, `SI_TKILL` */
const CODES_OF_SENDERS = new Set([0, -1, -6]);

export function parseSignal(view: DataView, elfClass: ElfClass): CoreSignal | undefined {
  const { si_fields } = FIELDS[elfClass.pointerSize];
  if (view.byteLength < si_fields + 8) return undefined;
  const number = view.getInt32(0, true);
  if (number === 0) return undefined;
  const code = view.getInt32(8, true);
  const hasSender = CODES_OF_SENDERS.has(code);
  // Above 0 are the codes of the one signal; 0x80 is `SI_KERNEL`, which knows no address.
  const hasAddress = code > 0 && code < 0x80 && SIGNALS_WITH_ADDRESS.has(number);
  return {
    number,
    code,
    address: hasAddress ? readWord(view, si_fields, elfClass) : undefined,
    senderPid: hasSender ? view.getInt32(si_fields, true) : undefined,
  };
}

export function parseAuxiliaryVector(view: DataView, elfClass: ElfClass): ReadonlyMap<number, number> {
  const values = new Map<number, number>();
  const { pointerSize } = elfClass;
  for (let at = 0; at + 2 * pointerSize <= view.byteLength; at += 2 * pointerSize) {
    const type = readWord(view, at, elfClass);
    if (type === 0) break;
    values.set(type, readWord(view, at + pointerSize, elfClass));
  }
  return values;
}

/** `count`, `page_size`, then `start`, `end`, `file_ofs` of each in words, and their names one after the other. */
export function parseMappings(view: DataView, elfClass: ElfClass): readonly CoreMapping[] {
  const { pointerSize: word } = elfClass;
  if (view.byteLength < 2 * word) return [];
  const count = readWord(view, 0, elfClass);
  const pageSize = readWord(view, word, elfClass);
  const namesAt = (2 + 3 * count) * word;
  if (namesAt > view.byteLength) return [];
  const mappings: CoreMapping[] = [];
  let nameAt = namesAt;
  for (let index = 0; index < count && nameAt < view.byteLength; index++) {
    const at = (2 + 3 * index) * word;
    const name = bytesUntilNul(view, nameAt, view.byteLength - nameAt);
    nameAt += name.length + 1;
    const [start, end, page] = [0, 1, 2].map((field) => readWord(view, at + field * word, elfClass));
    if (start === undefined || end === undefined || page === undefined) continue;
    if (start >= end || end > Number.MAX_SAFE_INTEGER) continue;
    mappings.push({ start, end, fileOffset: page * pageSize, path: new TextDecoder().decode(name) });
  }
  return mappings.sort((left, right) => left.start - right.start);
}

function textAt(view: DataView, at: number, length: number): string {
  return new TextDecoder().decode(bytesUntilNul(view, at, Math.min(length, view.byteLength - at)));
}

function bytesUntilNul(view: DataView, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, length);
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
