import { describe, expect, it } from "vitest";
import { MemoryError } from "../src/memory-error.js";
import { readCString, readExactly, readInt32, readPointer, readUint32 } from "../src/memory-reader.js";
import { ScatterRead } from "../src/scatter-read.js";
import { ByteMapReader } from "./byte-map-reader.js";

const START = 0x7f0000001000;

function readerOf(...bytes: number[]): ByteMapReader {
  return new ByteMapReader(START, Uint8Array.from(bytes));
}

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("reading single values", () => {
  it("brings exactly the bytes asked for", () => {
    expect(readExactly(readerOf(1, 2, 3), START + 1, 2)).toEqual(Uint8Array.of(2, 3));
  });

  it("joins the two halves of a pointer", () => {
    expect(readPointer(readerOf(0xf0, 0xde, 0xbc, 0x9a, 0x78, 0x56, 0x34, 0x12), START)).toBe(
      Number(0x123456789abcdef0n),
    );
  });

  it("tells signed from unsigned", () => {
    const reader = readerOf(0xfe, 0xff, 0xff, 0xff);
    expect([readUint32(reader, START), readInt32(reader, START)]).toEqual([0xfffffffe, -2]);
  });

  it.each([
    ["unmapped", "Cannot read 64 bytes at 0x7f0000001000: nothing is mapped there"],
    ["exited", "Cannot read 64 bytes at 0x7f0000001000: the process has exited"],
    ["denied", "Cannot read 64 bytes at 0x7f0000001000: the process may not be read by this user"],
  ] as const)("throws a MemoryError with the facts when memory is %s", (code, message) => {
    const reader = new ByteMapReader(START, new Uint8Array(8), code);
    const error = errorOf(() => readExactly(reader, START, 64));
    expect(error).toBeInstanceOf(MemoryError);
    expect(error).toMatchObject({ name: "MemoryError", code, message, address: START, length: 64 });
  });

  it("names the process in the error when the reader knows it", () => {
    const reader = Object.assign(readerOf(), { pid: 1234 });
    const error = errorOf(() => readUint32(reader, START));
    expect(error).toMatchObject({ message: expect.stringContaining("at 0x7f0000001000"), pid: 1234 });
  });
});

describe("readCString", () => {
  it("ends before the NUL", () => {
    expect(readCString(readerOf(0xc3, 0xa9, 0, 0x41), START, 4)).toBe("é");
  });

  it("reads a string that ends right before unmapped memory", () => {
    expect(readCString(readerOf(0x68, 0x69, 0), START, 100)).toBe("hi");
  });

  it("stops at the longest length", () => {
    expect(readCString(readerOf(0x68, 0x69, 0x21), START, 2)).toBe("hi");
  });

  it("throws where neither a NUL nor the longest length is reached", () => {
    expect(() => readCString(readerOf(0x68, 0x69), START, 3)).toThrow(MemoryError);
  });
});

describe("readRangeByRange", () => {
  it("stops at the first range that cannot be read to its end", () => {
    const plan = new ScatterRead(4, 64);
    plan.add(START, 2);
    const second = plan.add(START + 2, 4);
    plan.add(START, 1);
    const count = readerOf(1, 2, 3).readScatter(plan);
    expect([count, plan.completeRanges, plan.isRead(0), plan.isRead(1), plan.isRead(2)]).toEqual([
      3,
      1,
      true,
      false,
      false,
    ]);
    expect(plan.bytes[second]).toBe(3);
  });
});
