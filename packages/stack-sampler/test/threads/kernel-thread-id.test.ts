import { expect, it } from "vitest";
import { KernelThreadIds } from "../../src/threads/kernel-thread-id.js";
import { ByteMemory } from "../fixtures/byte-memory.js";

const MAIN = 0x7f00_0000_0000;
const OTHER = 0x7f00_1000_0000;
const PID = 4242;

/** Two threads whose kernel ids are at `offset` of their `struct pthread`. */
function memoryWith(offset: number): ByteMemory {
  const memory = new ByteMemory();
  memory.map(MAIN, 0x1000);
  memory.map(OTHER, 0x1000);
  memory.writeInt32(MAIN + offset, PID);
  memory.writeInt32(OTHER + offset, 4243);
  return memory;
}

function idsIn(memory: ByteMemory, pid = PID, threads = [4243]): KernelThreadIds {
  return new KernelThreadIds(memory, pid, (tid) => threads.includes(tid));
}

it.each([0, 0x2d0, 0x3fc])(
  "the main thread shows that ids are at %d, where the others' are too",
  (offset) => {
    const ids = idsIn(memoryWith(offset));
    expect([ids.of(MAIN), ids.of(OTHER)]).toEqual([PID, 4243]);
  },
);

it("an id is not known before the main thread was met", () => {
  const ids = idsIn(memoryWith(0x2d0));
  expect([ids.of(OTHER), ids.of(MAIN), ids.of(OTHER)]).toEqual([0, PID, 4243]);
});

it("an id that is too far away is not found", () => {
  expect(idsIn(memoryWith(0x400)).of(MAIN)).toBe(0);
});

it("a thread whose memory is gone has no id", () => {
  const memory = memoryWith(0x2d0);
  const ids = idsIn(memory);
  ids.of(MAIN);
  memory.unmap(OTHER, 0x1000);
  expect([ids.of(OTHER), ids.of(0)]).toEqual([0, 0]);
});

it("a struct at the end of what is mapped is searched as far as it goes", () => {
  const memory = memoryWith(0x2d0);
  const end = MAIN + 0x1000 - 0x100;
  memory.writeInt32(end + 0x80, PID);
  const ids = idsIn(memory);
  expect([ids.of(end), ids.of(MAIN + 0xe00 - 0x1000)]).toEqual([PID, 0]);
});

it("an id that is a small number is told from others by that of a second thread", () => {
  const memory = memoryWith(0x2d0);
  for (const offset of [0x18, 0x2d0, 0x300]) memory.writeInt32(MAIN + offset, 1);
  memory.writeInt32(OTHER + 0x18, 1);
  memory.writeInt32(OTHER + 0x2d0, 2);
  memory.writeInt32(OTHER + 0x300, 77);
  const ids = idsIn(memory, 1, [1, 2]);
  expect([ids.of(MAIN), ids.of(OTHER), ids.of(MAIN)]).toEqual([1, 2, 1]);
});

it("an id is not told while there are several places for it", () => {
  const memory = memoryWith(0x2d0);
  for (const offset of [0x18, 0x2d0]) memory.writeInt32(MAIN + offset, 1);
  for (const offset of [0x18, 0x2d0]) memory.writeInt32(OTHER + offset, 77);
  const ids = idsIn(memory, 1, [1, 2]);
  expect([ids.of(MAIN), ids.of(OTHER)]).toEqual([1, 0]);
  memory.writeInt32(OTHER + 0x2d0, 2);
  expect(ids.of(OTHER)).toBe(2);
});
