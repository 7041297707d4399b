import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const EXIT_CODE = 42;
const BASE = 0x08048000;
const FILE_HEADER_BYTES = 52;
const PROGRAM_HEADER_BYTES = 32;

/**
 * Whether this machine runs 32-bit x86 programs. A kernel may be built for it and still not do it, under some hypervisors for
 * one, so it is tried with a program that needs no library.
 *
 * Throws when that program may not be started at all, which says nothing about 32 bits.
 */
export function runs32BitPrograms(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "pyspy-32-bit-"));
  try {
    const program = join(folder, "program");
    writeFileSync(program, smallestProgram(), { mode: 0o755 });
    // Where the kernel does not know the format, a shell is started to read it, and fails in its own way.
    const { status, error } = spawnSync(program, [], { stdio: "ignore" });
    if (error !== undefined && "code" in error && error.code !== "ENOEXEC") throw error;
    return status === EXIT_CODE;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An i386 executable (elf.h) of one segment: `mov eax, 1; mov ebx, 42; int 0x80`, which is `exit(42)`. */
function smallestProgram(): Uint8Array {
  const code = Uint8Array.of(0xb8, 1, 0, 0, 0, 0xbb, EXIT_CODE, 0, 0, 0, 0xcd, 0x80);
  const start = FILE_HEADER_BYTES + PROGRAM_HEADER_BYTES;
  const file = new Uint8Array(start + code.length);
  const view = new DataView(file.buffer);
  // \x7fELF, ELFCLASS32, ELFDATA2LSB, EV_CURRENT
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  // ET_EXEC, EM_386
  for (const [at, value] of [
    [16, 2],
    [18, 3],
    [40, FILE_HEADER_BYTES],
    [42, PROGRAM_HEADER_BYTES],
    [44, 1],
  ] as const) {
    view.setUint16(at, value, true);
  }
  // EV_CURRENT, e_entry, e_phoff
  for (const [at, value] of [
    [20, 1],
    [24, BASE + start],
    [28, FILE_HEADER_BYTES],
  ] as const) {
    view.setUint32(at, value, true);
  }
  // PT_LOAD, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, PF_R | PF_X, p_align
  [1, 0, BASE, BASE, file.length, file.length, 5, 0x1000].forEach((value, index) => {
    view.setUint32(FILE_HEADER_BYTES + 4 * index, value, true);
  });
  file.set(code, start);
  return file;
}
