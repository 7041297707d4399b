import { type BinaryImage, ParseError } from "@pyspy/binary-symbols";
import { describe, expect, it } from "vitest";
import { readClues } from "../../src/discovery/binary-clues.js";

/** Where `PyInterpreterState_Head` is. */
const ACCESSOR = 0x4000;
const ENDBR64 = [0xf3, 0x0f, 0x1e, 0xfa];
const RET = 0xc3;

/** `mov rax, [rip + distance]` */
function load(distance: number): number[] {
  return [0x48, 0x8b, 0x05, ...bytesOf(distance)];
}

/** `mov eax, [address]` */
function load32(address: number): number[] {
  return [0xa1, ...bytesOf(address)];
}

function bytesOf(word: number): number[] {
  return [...new Uint8Array(Int32Array.of(word).buffer)];
}

/** A stripped Python up to 3.6, whose function that returns `interp_head` is `code`. */
function image(architecture: BinaryImage["architecture"], code: readonly number[]): BinaryImage {
  return {
    format: "elf",
    architecture,
    pointerSize: architecture === "x86" ? 4 : 8,
    positionIndependent: true,
    segments: [],
    sections: [],
    buildId: undefined,
    section: () => undefined,
    symbol: (name) =>
      name === "PyInterpreterState_Head"
        ? { name, imageOffset: ACCESSOR, size: code.length, kind: "function", global: true }
        : undefined,
    symbols: () => [],
    loadBias: () => 0,
    bytesAt: (imageOffset, length) => Uint8Array.from(imageOffset === ACCESSOR ? code.slice(0, length) : []),
    sectionBytes: () => new Uint8Array(0),
  };
}

describe("interp_head is where the function loads it from that returns it", () => {
  it.each([
    ["x86-64", "x86-64", [...load(0x1234), RET], ACCESSOR + 7 + 0x1234],
    ["x86-64, backwards", "x86-64", [...load(-0x100), RET, 0x90], ACCESSOR + 7 - 0x100],
    ["x86-64, protected", "x86-64", [...ENDBR64, ...load(0x1234), RET], ACCESSOR + 11 + 0x1234],
    ["32-bit x86", "x86", [...load32(0x0812_3450), RET], 0x0812_3450],
    ["32-bit x86, high", "x86", [...load32(0xf712_3450), RET, 0x90], 0xf712_3450],
  ] as const)("%s", (_, architecture, code, place) => {
    const { runtime, isPython, vainLooks } = readClues(image(architecture, code));
    expect([runtime, isPython]).toEqual([{ method: "accessor", kind: "interp_head", place }, true]);
    expect(vainLooks.map(({ method, outcome }) => [method, outcome])).toEqual([
      ["symbol", "nothing"],
      ["section", "nothing"],
      ["symbol", "nothing"],
    ]);
  });

  it.each([
    ["does more than that", "x86-64", [...load(0x1234), 0x48, 0x8b, 0x00, RET]],
    ["loads something else", "x86-64", [0x48, 0x8b, 0x0d, ...bytesOf(0x1234), RET]],
    ["is cut off", "x86-64", load(0x1234)],
    ["is cut off behind its protection", "x86-64", [...ENDBR64, ...load(0x1234)]],
    ["cannot be read", "x86-64", []],
    ["is 64-bit code in a 32-bit binary", "x86", [...load(0x1234), RET]],
    ["is of another processor", "aarch64", [...load(0x1234), RET]],
  ] as const)("but not if it %s", (_, architecture, code) => {
    expect(readClues(image(architecture, code)).runtime).toBeUndefined();
  });
});

it("a table that is damaged is told, and the next one asked", () => {
  const damaged: BinaryImage = {
    ...image("x86-64", []),
    section: () => {
      throw new ParseError("malformed", "it is cut off", { part: "section table" });
    },
  };
  expect(readClues(damaged).vainLooks[1]).toEqual({
    method: "section",
    outcome: "unreadable",
    detail: "it has no section .PyRuntime that can be read",
  });
});

it("a debug file is asked for its symbols and sections, after what is mapped", () => {
  const stripped = image("x86-64", []);
  const debug: BinaryImage = {
    ...stripped,
    symbol: (name) =>
      name === "interp_head"
        ? { name, imageOffset: 0x5000, size: 8, kind: "object", global: false }
        : undefined,
  };
  const { runtime, vainLooks } = readClues(stripped, debug);
  expect(runtime).toEqual({ method: "debug-file", kind: "interp_head", place: 0x5000 });
  const methods = ["symbol", "section", "symbol", "accessor", "debug-file", "debug-file"];
  expect(vainLooks.map(({ method }) => method)).toEqual(methods);
});
