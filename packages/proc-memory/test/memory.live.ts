import { readlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MemoryError } from "../src/memory-error.js";
import {
  type MemoryReader,
  readCString,
  readExactly,
  readPointer,
  readRangeByRange,
} from "../src/memory-reader.js";
import { libc } from "../src/platform/linux/libc.js";
import { LinuxMemory } from "../src/platform/linux/linux-memory.js";
import { MemFileMemory } from "../src/platform/linux/mem-file-memory.js";
import { ProcessVmMemory } from "../src/platform/linux/process-vm-memory.js";
import type { Pid } from "../src/process-view.js";
import { ScatterRead } from "../src/scatter-read.js";
import { start, startPython, until } from "./live-programs.js";
import { RefusingMemory } from "./refusing-memory.js";

const PAGE = 4096;

/** Two pages of known bytes with a hole after them; tells their address. */
const TWO_PAGES = `
area = mmap.mmap(-1, ${3 * PAGE}, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
area.write(bytes(range(256)) * ${(2 * PAGE) / 256})
told.append(ctypes.addressof(ctypes.c_char.from_buffer(area)))
ctypes.CDLL(None).munmap(ctypes.c_void_p(told[0] + ${2 * PAGE}), ${PAGE})
`;

const readers: [string, (pid: Pid) => MemoryReader & { close?(): void }][] = [
  ["process_vm_readv", (pid) => new ProcessVmMemory(pid)],
  ["/proc/PID/mem", (pid) => new MemFileMemory(pid)],
  ["/proc/PID/mem after a refusal", (pid) => new LinuxMemory(pid, new RefusingMemory())],
];

describe.each(readers)("memory through %s", (_, open) => {
  it("is this process's own", () => {
    const bytes = Buffer.from("some text\0");
    const memory = open(process.pid);
    expect(readCString(memory, Number(libc().addressOf(bytes)), 100)).toBe("some text");
    memory.close?.();
  });

  it("is read up to its end and no further, and says why", async () => {
    const { program, told } = await startPython(TWO_PAGES);
    const [address = 0] = told;
    const memory = open(program.pid);
    expect(readExactly(memory, address + 1, 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(memory.failure).toBeUndefined();

    const bytes = new Uint8Array(200);
    const count = memory.readInto(address + 2 * PAGE - 100, bytes);
    expect([count, memory.failure]).toEqual([100, "unmapped"]);
    expect([...bytes.subarray(98, 102)]).toEqual([254, 255, 0, 0]);

    expect(memory.readInto(address + 2 * PAGE, bytes)).toBe(0);
    expect(memory.failure).toBe("unmapped");
    expect(() => readPointer(memory, address + 2 * PAGE - 7)).toThrow(MemoryError);
    memory.close?.();
  });

  it("is read in many ranges with the offsets that the plan said", async () => {
    const { program, told } = await startPython(TWO_PAGES);
    const [address = 0] = told;
    const memory = open(program.pid);
    const plan = new ScatterRead(8, 64);
    for (let time = 0; time < 2; time++) {
      plan.clear();
      const offsets = Array.from({ length: 2500 }, (_, index) => plan.add(address + index, (index % 9) + 1));
      const wanted = Array.from({ length: 2500 }, (_, index) => plan.lengthOf(index));
      expect(memory.readScatter(plan)).toBe(wanted.reduce((sum, length) => sum + length, 0));
      expect([plan.completeRanges, memory.failure]).toEqual([2500, undefined]);
      for (const [index, offset] of offsets.entries()) {
        const last = (wanted[index] ?? 0) - 1;
        expect(plan.bytes[offset + last]).toBe((index + last) % 256);
      }
    }
    memory.close?.();
  });

  it.each([0, 1500])("stops at the first unreadable byte of the ranges, after %d good ones", async (good) => {
    const { program, told } = await startPython(TWO_PAGES);
    const [address = 0] = told;
    const memory = open(program.pid);
    const plan = new ScatterRead(4, 64);
    for (let index = 0; index < good; index++) plan.add(address, 8);
    plan.add(address + 2 * PAGE - 4, 8);
    plan.add(address, 8);
    expect(memory.readScatter(plan)).toBe(8 * good + 4);
    expect([plan.completeRanges, plan.isRead(good), memory.failure]).toEqual([good, false, "unmapped"]);
    memory.close?.();
  });

  it.each([0, 1, 2 ** 47, 2 ** 52, 2 ** 53, 2 ** 60, 2 ** 64, 0xffffffffff600000, -1, Number.NaN])(
    "has nothing at %d",
    (address) => {
      const memory = open(process.pid);
      expect([memory.readInto(address, new Uint8Array(8)), memory.failure]).toEqual([0, "unmapped"]);
      const plan = new ScatterRead(1, 8);
      plan.add(address, 8);
      expect([memory.readScatter(plan), memory.failure]).toEqual([0, "unmapped"]);
      expect(() => readPointer(memory, address)).toThrow(
        /^Cannot read 8 bytes at .*: nothing is mapped there$/,
      );
      memory.close?.();
    },
  );

  it("can be read by no length at all", () => {
    const memory = open(process.pid);
    expect([memory.readInto(0, new Uint8Array()), memory.failure]).toEqual([0, undefined]);
    expect([memory.readScatter(new ScatterRead(1, 1)), memory.failure]).toEqual([0, undefined]);
    memory.close?.();
  });

  it("is gone with the process, also while it is a zombie", async () => {
    const { program, told } = await startPython(TWO_PAGES);
    const [address = 0] = told;
    const memory = open(program.pid);
    const bytes = new Uint8Array(4);
    expect(memory.readInto(address, bytes)).toBe(4);
    program.kill("SIGKILL");
    await until(() => memory.readInto(address, bytes) === 0);
    expect(memory.failure).toBe("exited");
    program.wait();
    expect([memory.readInto(address, bytes), memory.failure]).toEqual([0, "exited"]);
    expect(() => readExactly(memory, address, 1)).toThrow(
      `Cannot read 1 byte at 0x${address.toString(16)}: process ${program.pid} has exited`,
    );
    memory.close?.();
  });

  it("is that of the new program after execve", async () => {
    const { program, told } = await startPython(
      `${TWO_PAGES}\nsignal.signal(signal.SIGUSR1, lambda *_: os.execv("/bin/sleep", ["sleep", "600"]))`,
    );
    const [address = 0] = told;
    const memory = open(program.pid);
    const bytes = new Uint8Array(4);
    expect(memory.readInto(address, bytes)).toBe(4);
    program.kill("SIGUSR1");
    await until(() => readlinkSync(`/proc/${program.pid}/exe`).endsWith("sleep"));
    expect([memory.readInto(address, bytes), memory.failure]).toEqual([0, "unmapped"]);
    memory.close?.();
  });
});

describe("memory of another user's process", () => {
  it("is denied by both ways", async () => {
    // As root, give up root's rights for the moment of reading.
    const isRoot = process.geteuid?.() === 0;
    const other = isRoot ? start(["setpriv", "--reuid=1", "--clear-groups", "sleep", "600"]).pid : 1;
    if (isRoot) await until(() => readlinkSync(`/proc/${other}/exe`).endsWith("sleep"));
    const memory = new LinuxMemory(other);
    if (isRoot) process.seteuid?.(65534);
    try {
      expect([memory.readInto(PAGE, new Uint8Array(8)), memory.failure]).toEqual([0, "denied"]);
      const plan = new ScatterRead(1, 8);
      plan.add(PAGE, 8);
      expect([memory.readScatter(plan), plan.completeRanges, memory.failure]).toEqual([0, 0, "denied"]);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
    memory.close();
  });
});

describe("one call for many ranges", () => {
  it("says the same as one call a range", async () => {
    const { program, told } = await startPython(TWO_PAGES);
    const [address = 0] = told;
    const memory = new ProcessVmMemory(program.pid);
    const plan = new ScatterRead(4, 64);
    for (const offset of [3, PAGE - 3, 2 * PAGE - 20, 2 * PAGE - 3, 0]) plan.add(address + offset, 15);
    const together = [memory.readScatter(plan), plan.completeRanges, plan.bytes.slice()];
    plan.bytes.fill(0);
    expect([readRangeByRange(memory, plan), plan.completeRanges, plan.bytes]).toEqual(together);
  });
});
