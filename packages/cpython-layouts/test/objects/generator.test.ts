import { describe, expect, test } from "vitest";
import {
  ABSENT,
  awaitedSlot,
  decodeGenerator,
  frameState,
  isAwaiting,
  resumeAddress,
} from "../../src/index.js";
import { layoutOf, wordsAt } from "../fixtures/object-bytes.js";

const FRAME = 0x7f00_0000_1000;

describe("the state of a generator is", () => {
  test.each([
    ["3.11.7", [-2, -1, 0, 1, 4], ["created", "suspended", "executing", "finished", "finished"]],
    ["3.12.1", [-2, -1, 0, 1, 4], ["created", "suspended", "executing", "finished", "finished"]],
    [
      "3.13.0",
      [-3, -2, -1, 0, 1, 4],
      ["created", "suspended", "awaiting", "executing", "finished", "finished"],
    ],
    [
      "3.14.10",
      [-3, -2, -1, 0, 1, 4],
      ["created", "suspended", "awaiting", "executing", "finished", "finished"],
    ],
    ["3.15.2", [0, 1, 2, 3, 4, 5], ["created", "suspended", "awaiting", "awaiting", "executing", "finished"]],
  ])("a number of its own in %s", (text, values, states) => {
    const layout = layoutOf(text);
    const found = values.map((value) => {
      const object = wordsAt(layout, 256, {});
      new DataView(object.buffer).setInt8(layout.generator.gi_frame_state, value);
      return decodeGenerator(layout, object)?.state;
    });
    expect(found).toEqual(states);
  });

  test("what its frame says up to 3.10", () => {
    const layout = layoutOf("3.10.13");
    const generator = wordsAt(layout, 256, { 16: FRAME, 40: 0x100, 48: 0x200 });
    expect(decodeGenerator(layout, generator)).toEqual({
      state: undefined,
      frame: FRAME,
      frameOffset: ABSENT,
      name: 0x100,
      qualname: 0x200,
      code: 0,
    });
    const states = [-2, -1, 0, 1].map((value) => {
      const frame = wordsAt(layout, layout.frame.size, {});
      new DataView(frame.buffer).setInt8(108, value);
      return frameState(layout, frame);
    });
    expect(states).toEqual(["created", "suspended", "executing", "finished"]);
  });

  test("executing or finished without a look at the frame up to 3.9", () => {
    const layout = layoutOf("3.9.18");
    expect(decodeGenerator(layout, wordsAt(layout, 256, { 16: FRAME, 24: 1 }))?.state).toBe("executing");
    expect(decodeGenerator(layout, wordsAt(layout, 256, {}))?.state).toBe("finished");
    const frame = wordsAt(layout, layout.frame.size, {});
    expect(frameState(layout, frame)).toBe("suspended");
    new DataView(frame.buffer).setInt32(104, -1, true);
    expect(frameState(layout, frame)).toBe("created");
  });
});

test.each([
  ["2.5.6", 0],
  ["2.6.9", 0x300],
  ["3.4.10", 0x300],
  ["3.9.18", 0x300],
  ["3.10.13", 0],
])("a generator of %s says at %i what its code is", (text, code) => {
  const layout = layoutOf(text);
  expect(decodeGenerator(layout, wordsAt(layout, 256, { 16: FRAME, 24: 1, 32: 0x300 }))?.code).toBe(code);
});

describe("what a suspended frame awaits", () => {
  test.each([
    ["3.5.10", 7, 0x1008],
    ["3.9.18", 7, 0x1009],
    ["3.10.13", 7, 0x1010],
    ["3.12.1", 0x2000, 0x2002],
    ["3.13.0", 0x2000, 0x2000],
  ])("in %s depends on the instruction after %i, at %i", (text, instruction, address) => {
    expect(resumeAddress(layoutOf(text), instruction, 0x1000)).toBe(address);
  });

  test.each([
    ["3.8.18", [72, 0], true],
    ["3.8.18", [86, 0], false],
    ["3.11.7", [151, 2], true],
    ["3.11.7", [150, 3], true],
    ["3.11.7", [151, 1], false],
    ["3.12.1", [151, 3], true],
    ["3.12.1", [150, 3], false],
    ["3.13.0", [151, 3], false],
    ["2.7.18", [72, 0], false],
  ])("in %s with %j: %s", (text, code, expected) => {
    expect(isAwaiting(layoutOf(text), Uint8Array.from(code))).toBe(expected);
  });

  test.each([
    ["3.9.18", { 72: 0x5010 }, 0x5008],
    ["3.10.13", { 64: 0x5000, 80: 3 }, 0x5010],
    ["3.12.1", { 64: 4 }, FRAME + 72 + 24],
    ["3.14.10", { 64: 0x5010 }, 0x5008],
    ["3.15.2", { 64: 0x5010 }, 0x5000],
    ["3.9.18", {}, undefined],
    ["3.12.1", {}, undefined],
  ])("in %s with %o is at %i", (text, frame, slot) => {
    const layout = layoutOf(text);
    expect(awaitedSlot(layout, wordsAt(layout, layout.frame.size + 8, frame), FRAME)).toBe(slot);
  });
});
