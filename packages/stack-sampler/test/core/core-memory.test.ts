import { bufferByteSource, readCoreFile } from "@pyspy/binary-symbols";
import { ScatterRead } from "@pyspy/proc-memory";
import { expect, test } from "vitest";
import { coreFile, mappingsNote } from "../../../../tools/testing/core-file.js";
import { CoreMemory } from "../../src/core/core-memory.js";

const PAGE = 0x1000;

/** A file of three pages, each full of its number, mapped whole at 0x10000; the core has the first page. */
const FILE = Buffer.concat([1, 2, 3].map((fill) => Buffer.alloc(PAGE, fill)));
const notes = [mappingsNote(64, [{ start: 0x10000, end: 0x13000, page: 0, path: "/lib/a.so" }])];

function memoryOf(bytes: Uint8Array, files: Record<string, Uint8Array> = { "/lib/a.so": FILE }): CoreMemory {
  const source = bufferByteSource(bytes);
  return new CoreMemory(source, readCoreFile(source), 1, (path) => {
    const file = files[path];
    return file && bufferByteSource(file);
  });
}

function bytesAt(memory: CoreMemory, address: number, length: number): number[] {
  const target = new Uint8Array(length);
  return [...target.subarray(0, memory.readInto(address, target))];
}

const first = { address: 0x10000, bytes: Buffer.alloc(PAGE, 9), permissions: "rx" };

test.each([
  ["the kernel writes a segment for it", [{ ...first, memorySize: 3 * PAGE }]],
  ["gdb writes none", [first]],
])("what the core leaves out is read in the file: %s", (_, segments) => {
  const memory = memoryOf(coreFile({ segments, notes }));
  expect(bytesAt(memory, 0x10fff, 3)).toEqual([9, 2, 2]);
  expect(bytesAt(memory, 0x11fff, 2)).toEqual([2, 3]);
  expect(memory.failure).toBeUndefined();
  expect(bytesAt(memory, 0x12ffe, 4)).toEqual([3, 3]);
  expect(memory.failure).toBe("unmapped");
});

test("where the file is not here, only what is in the core can be read", () => {
  const memory = memoryOf(coreFile({ segments: [first], notes }), {});
  expect(bytesAt(memory, 0x10fff, 3)).toEqual([9]);
  expect(memory.failure).toBe("unmapped");
});

test("what is neither in the core nor in a file is not the next bytes of the core", () => {
  const segments = [
    { address: 0x20000, memorySize: PAGE, permissions: "r" },
    { address: 0x30000, bytes: Buffer.from("next") },
  ];
  const memory = memoryOf(coreFile({ segments }));
  expect(bytesAt(memory, 0x20000, 4)).toEqual([]);
  expect(bytesAt(memory, 0x30000, 8)).toEqual([...Buffer.from("next")]);
});

test("written memory that is cut off is not what its file had at first", () => {
  const written = { address: 0x10000, bytes: Buffer.alloc(3 * PAGE, 7) };
  const whole = coreFile({ segments: [written], notes });
  const memory = memoryOf(whole.subarray(0, whole.length - 2 * PAGE));
  expect(bytesAt(memory, 0x10fff, 2)).toEqual([7]);
});

test("constants that are cut off are what their file has", () => {
  const constants = { address: 0x10000, bytes: FILE, permissions: "r" };
  const whole = coreFile({ segments: [constants], notes });
  const memory = memoryOf(whole.subarray(0, whole.length - 2 * PAGE));
  expect(bytesAt(memory, 0x10fff, 2)).toEqual([1, 2]);
});

test("scattered reads end where something is missing", () => {
  const memory = memoryOf(coreFile({ segments: [first], notes }));
  const plan = new ScatterRead(3, 64);
  for (const address of [0x10000, 0x12000, 0x50000]) plan.add(address, 8);
  expect(memory.readScatter(plan)).toBe(16);
  expect([plan.isRead(1), plan.isRead(2), memory.failure]).toEqual([true, false, "unmapped"]);
});

test("of many mappings the last is found, too", () => {
  const count = 40_000;
  const page = Buffer.alloc(1, 5);
  const segments = Array.from({ length: count }, (_, index) => ({
    ...{ address: 0x100000 + index * 2 * PAGE, bytes: page, memorySize: PAGE, permissions: "r" },
  }));
  const mappings = segments.map(({ address }) => ({
    ...{ start: address, end: address + PAGE, page: 0, path: "/lib/a.so" },
  }));
  const memory = memoryOf(coreFile({ segments, notes: [mappingsNote(64, mappings)] }));
  const last = segments.at(-1)?.address ?? 0;
  expect(bytesAt(memory, last, 3)).toEqual([5, 1, 1]);
});
