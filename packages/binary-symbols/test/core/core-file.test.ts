import { describe, expect, test } from "vitest";
import {
  auxiliaryNote,
  type CoreFileFields,
  coreFile,
  mappingsNote,
  processNote,
  signalNote,
  threadNote,
} from "../../../../tools/testing/core-file.js";
import { bufferByteSource } from "../../src/byte-source.js";
import { readCoreFile } from "../../src/core/core-file.js";
import { ParseError } from "../../src/parse-error.js";
import { elfFile } from "../fixtures/elf-file.js";

const core = (fields: CoreFileFields) => readCoreFile(bufferByteSource(coreFile(fields)));

function failure(bytes: Uint8Array): unknown {
  try {
    return readCoreFile(bufferByteSource(bytes));
  } catch (error) {
    return error instanceof ParseError ? error.code : error;
  }
}

/** `fs_base` is the 22nd register of x86-64. */
const REGISTERS_64 = [...Array(21).fill(0), 0x7f00_0000_1740];
/** `gs` is the 11th of i386; its selector is of entry 12. */
const REGISTERS_32 = [...Array(10).fill(0), 12 * 8 + 3];

describe.each([32, 64] as const)("a core of %d bits", (bits) => {
  const top = bits === 64 ? 0x7f00_0000_0000 : 0xb700_0000;
  const fields: CoreFileFields = {
    bits,
    segments: [
      { address: top, bytes: Buffer.from("data") },
      { address: 0x40_0000, bytes: Buffer.from("ELF?"), memorySize: 0x2000, permissions: "rx" },
    ],
    notes: [
      threadNote(bits, { tid: 70, signal: 11, registers: bits === 64 ? REGISTERS_64 : REGISTERS_32 }),
      { type: 0x202, owner: "LINUX", bytes: new Uint8Array(2000) },
      ...(bits === 32 ? [threadArea(12, 0xb7fd_1740)] : []),
      processNote(bits, { pid: 70, parentPid: 69, uid: 1000, name: "python", commandLine: "python a.py " }),
      signalNote(bits, { number: 11, code: 1, value: 0x10 }),
      auxiliaryNote(bits, { 9: 0x40_1000, 31: top + 2 }),
      mappingsNote(bits, [
        { start: top, end: top + 0x1000, page: 3, path: "/lib/b.so (deleted)" },
        { start: 0x40_0000, end: 0x40_2000, page: 0, path: "/bin/grün" },
      ]),
      threadNote(bits, { tid: 71 }),
    ],
  };

  test.each([false, true])("tells all about its process (notes last: %s)", (notesLast) => {
    const { threads, segments, ...facts } = core({ ...fields, notesLast });
    expect(facts).toEqual({
      architecture: bits === 64 ? "x86-64" : "x86",
      pointerSize: bits / 8,
      fullSize: coreFile({ ...fields, notesLast }).length,
      process: { pid: 70, parentPid: 69, uid: 1000, name: "python", commandLine: "python a.py" },
      signal: { number: 11, code: 1, address: 0x10, senderPid: undefined },
      auxiliaryVector: new Map([
        [9, 0x40_1000],
        [31, top + 2],
      ]),
      mappings: [
        { start: 0x40_0000, end: 0x40_2000, fileOffset: 0, path: "/bin/grün" },
        { start: top, end: top + 0x1000, fileOffset: 0x3000, path: "/lib/b.so (deleted)" },
      ],
    });
    expect(threads.map(({ tid, threadPointer }) => [tid, threadPointer])).toEqual([
      [70, bits === 64 ? 0x7f00_0000_1740 : 0xb7fd_1740],
      [71, undefined],
    ]);
    expect(threads[0]?.registers).toHaveLength(bits === 64 ? 27 * 8 : 17 * 4);
    expect(
      segments.map(({ imageOffset, fileSize, memorySize }) => [imageOffset, fileSize, memorySize]),
    ).toEqual([
      [0x40_0000, 4, 0x2000],
      [top, 4, 4],
    ]);
  });

  test("cut off anywhere is read as far as it goes, or is a ParseError", () => {
    const whole = coreFile(fields);
    for (let length = 0; length < whole.length; length += 7) {
      const cut = readOrCode(whole.subarray(0, length));
      if (typeof cut === "string") expect(["not-an-elf", "truncated"]).toContain(cut);
      else expect(cut.fullSize).toBe(whole.length);
    }
  });
});

function threadArea(entry: number, base: number) {
  const bytes = Buffer.alloc(48);
  bytes.writeUInt32LE(entry, 16);
  bytes.writeUInt32LE(base, 20);
  return { type: 0x200, owner: "LINUX", bytes };
}

function readOrCode(bytes: Uint8Array) {
  try {
    return readCoreFile(bufferByteSource(bytes));
  } catch (error) {
    if (error instanceof ParseError) return error.code;
    throw error;
  }
}

test("a core may have more program headers than a 16-bit number can say", () => {
  const segments = Array.from({ length: 70_000 }, (_, index) => ({ address: 0x1000 * (index + 1) }));
  expect(core({ segments, extendedNumbering: true }).segments).toHaveLength(70_000);
});

test("without NT_SIGINFO the first thread tells the signal", () => {
  const notes = [threadNote(64, { tid: 1, signal: 6 }), threadNote(64, { tid: 2, signal: 9 })];
  expect(core({ notes }).signal).toEqual({
    number: 6,
    code: undefined,
    address: undefined,
    senderPid: undefined,
  });
  expect(core({ notes: [threadNote(64, { tid: 1 })] }).signal).toBeUndefined();
});

test("a signal that a process sent has the sender, and one of the kernel neither", () => {
  const signalOf = (number: number, code: number, value: number) =>
    core({ notes: [signalNote(64, { number, code, value })] }).signal;
  expect(signalOf(6, -6, 42)).toEqual({ number: 6, code: -6, address: undefined, senderPid: 42 });
  expect(signalOf(11, 0x80, 42)).toEqual({
    number: 11,
    code: 0x80,
    address: undefined,
    senderPid: undefined,
  });
});

test("cores of other machines are told as such", () => {
  expect(core({ machine: 183, notes: [threadNote(64, { tid: 5 })] })).toMatchObject({
    architecture: "aarch64",
    threads: [{ tid: 5, threadPointer: undefined }],
  });
});

test("notes of others, notes that are too short and claims that are too large are passed over", () => {
  const lie = mappingsNote(64, [{ start: 0x1000, end: 0x2000, page: 0, path: "/a" }]);
  Buffer.from(lie.bytes.buffer, lie.bytes.byteOffset).writeBigUInt64LE(2n ** 60n, 0);
  const notes = [
    { type: 1, bytes: new Uint8Array(20) },
    { type: 3, bytes: new Uint8Array(20) },
    { ...threadNote(64, { tid: 9 }), owner: "GNU" },
    lie,
  ];
  expect(core({ notes })).toMatchObject({ threads: [], process: undefined, mappings: [] });
});

test("what is no core is refused", () => {
  expect(failure(Buffer.from("hello, world"))).toBe("not-an-elf");
  expect(failure(elfFile())).toBe("not-a-core");
});
