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

it.each([0, 0x2d0, 0x3fc])(
  "the main thread shows that ids are at %d, where the others' are too",
  (offset) => {
    const ids = new KernelThreadIds(memoryWith(offset), PID);
    expect([ids.of(MAIN), ids.of(OTHER)]).toEqual([PID, 4243]);
  },
);

it("an id is not known before the main thread was met", () => {
  const ids = new KernelThreadIds(memoryWith(0x2d0), PID);
  expect([ids.of(OTHER), ids.of(MAIN), ids.of(OTHER)]).toEqual([0, PID, 4243]);
});

it("an id that is too far away is not found", () => {
  expect(new KernelThreadIds(memoryWith(0x400), PID).of(MAIN)).toBe(0);
});

it("a thread whose memory is gone has no id", () => {
  const memory = memoryWith(0x2d0);
  const ids = new KernelThreadIds(memory, PID);
  ids.of(MAIN);
  memory.unmap(OTHER, 0x1000);
  expect([ids.of(OTHER), ids.of(0)]).toEqual([0, 0]);
});

it("a struct at the end of what is mapped is searched as far as it goes", () => {
  const memory = memoryWith(0x2d0);
  const end = MAIN + 0x1000 - 0x100;
  memory.writeInt32(end + 0x80, PID);
  const ids = new KernelThreadIds(memory, PID);
  expect([ids.of(end), ids.of(MAIN + 0xe00 - 0x1000)]).toEqual([PID, 0]);
});
