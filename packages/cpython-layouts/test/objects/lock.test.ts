import { describe, expect, test } from "vitest";
import { decodeLock, decodeReentrantLock, decodeThreadHandle, THREAD_HANDLE_SIZE } from "../../src/index.js";
import { layoutOf, wordsAt } from "../fixtures/object-bytes.js";

describe("a lock", () => {
  test.each([
    ["a byte behind two words", "3.12.1", 40, 32],
    ["a byte behind two words, also in the first 3.13", "3.13.0", 40, 32],
    ["a byte alone", "3.13.0", 24, 16],
  ])("is %s (%s, %i bytes)", (_, text, basicSize, offset) => {
    const layout = layoutOf(text);
    const isLocked = (state: number) =>
      decodeLock(layout, wordsAt(layout, basicSize, { [offset]: state }), { basicSize })?.isLocked;
    expect([0, 1, 2, 3].map(isLocked)).toEqual([false, true, false, true]);
  });

  test("is nothing if the byte is missing", () => {
    expect(decodeLock(layoutOf("3.12.1"), new Uint8Array(32), { basicSize: 40 })).toBeUndefined();
  });
});

describe("a lock that can be taken again", () => {
  const owner = 0x7f12_3456_7890;

  test.each([
    ["3.13.0", { 16: 0x1000, 24: owner, 32: 2 }, { isLocked: true, owner, count: 2 }],
    ["3.13.0", { 16: 0x1001, 24: 0, 32: 0 }, { isLocked: false, owner: 0, count: 0 }],
    ["2.7.18", { 16: 0x1000, 24: owner, 32: 1 }, { isLocked: true, owner, count: 1 }],
    ["3.14.10", { 16: 1, 24: owner, 32: 1 }, { isLocked: true, owner, count: 2 }],
    ["3.14.10", { 16: 3, 24: owner, 32: 0 }, { isLocked: true, owner, count: 1 }],
    ["3.14.10", { 16: 0, 24: 0, 32: 0 }, { isLocked: false, owner: 0, count: 0 }],
  ])("of %s %o", (text, fields, lock) => {
    const layout = layoutOf(text);
    expect(decodeReentrantLock(layout, wordsAt(layout, 40, fields))).toEqual(lock);
    expect(decodeReentrantLock(layout, new Uint8Array(39))).toBeUndefined();
  });
});

test("the handle of a thread says which one it is and whether it ends", () => {
  const layout = layoutOf("3.13.0");
  const handle = wordsAt(layout, THREAD_HANDLE_SIZE, { 24: 7, 32: 0x7f12_3456_7890, 40: 8 });
  expect(decodeThreadHandle(layout, handle)).toEqual({ ident: 0x7f12_3456_7890, isExiting: false });
  // The byte before is a mutex.
  handle.set([3, 1], 56);
  expect(decodeThreadHandle(layout, handle)?.isExiting).toBe(true);
  handle.set([1, 0], 56);
  expect(decodeThreadHandle(layout, handle)?.isExiting).toBe(false);
  expect(decodeThreadHandle(layout, handle.subarray(1))).toBeUndefined();
});
