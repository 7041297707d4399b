import { expect, it } from "vitest";
import { KnownStack } from "../../src/python/known-stack.js";

const START = 8;
const END = 24;

/** One whose outermost frame is read once, and the buffer in which it is known to be the same. */
function known() {
  const stack = new KnownStack();
  const bytes = Uint8Array.from({ length: 40 }, (_, index) => index);
  stack.set(0, 0x1000, 0x2000, 4, 1);
  stack.onceDepth = 1;
  stack.putOnce(START, END);
  expect(stack.isOnceAlike(bytes)).toBe(false);
  stack.keepOnce(bytes);
  return { stack, bytes };
}

it("frames that are read once are alike as long as all of their bytes are, and only those count", () => {
  const { stack, bytes } = known();
  bytes[START - 1] = 99;
  bytes[END] = 99;
  expect(stack.isOnceAlike(bytes)).toBe(true);
  for (const index of [START, END - 1]) {
    bytes[index] = 99;
    expect(stack.isOnceAlike(bytes)).toBe(false);
    bytes[index] = index;
  }
  expect(stack.isOnceAlike(bytes)).toBe(true);
});

it("they are compared in whatever buffer they were read into", () => {
  const { stack, bytes } = known();
  expect(stack.isOnceAlike(bytes)).toBe(true);
  const other = bytes.slice();
  other[START] = 99;
  expect([stack.isOnceAlike(other), stack.isOnceAlike(bytes)]).toEqual([false, true]);
});

it("they are not alike any more when others are known, or elsewhere, or none", () => {
  const changes: readonly ((stack: KnownStack) => void)[] = [
    (stack) => stack.set(0, 0x1000, 0x3000, 4, 2),
    (stack) => stack.putOnce(START, END),
    (stack) => stack.forget(),
  ];
  for (const change of changes) {
    const { stack, bytes } = known();
    change(stack);
    expect(stack.isOnceAlike(bytes)).toBe(false);
  }
  const { stack, bytes } = known();
  stack.set(1, 0x1100, 0x3000, 4, 2);
  expect(stack.isOnceAlike(bytes)).toBe(true);
});
