import { describe, expect, test } from "vitest";
import { decodeDate, decodeDateTime, decodeTime, decodeTimeDelta, type Layout } from "../../src/index.js";
import { layoutOf } from "../fixtures/object-bytes.js";

const layout = layoutOf("3.12.1");
const ZONE = 0x7f12_3456_7890;

/** An object with a hash of all ones, then these bytes, and at a place the address of a time zone. */
function object(one: Layout, bytes: readonly number[], length: number, zoneAt?: number): Uint8Array {
  const data = new Uint8Array(length);
  const { size } = one.object;
  data.fill(255, size, size + one.pointerSize);
  data.set(bytes, size + one.pointerSize);
  if (zoneAt !== undefined) new DataView(data.buffer).setBigUint64(zoneAt, BigInt(ZONE), true);
  return data;
}

const date = { year: 2024, month: 2, day: 29 };
const time = { hour: 12, minute: 30, second: 59, microsecond: 0x01_02_03, fold: 0, timeZone: 0 };
const dateBytes = [2024 >> 8, 2024 & 255, 2, 29];
const timeBytes = [12, 30, 59, 1, 2, 3];

test("a date", () => {
  const bytes = object(layout, [0, ...dateBytes], 29);
  expect(decodeDate(layout, bytes)).toEqual(date);
  expect(decodeDate(layout, bytes.subarray(0, -1))).toBeUndefined();
});

describe("a time", () => {
  test("without a time zone ends with the fold", () => {
    const bytes = object(layout, [0, ...timeBytes, 1], 32);
    expect(decodeTime(layout, bytes)).toEqual({ ...time, fold: 1 });
    expect(decodeTime(layout, bytes.subarray(0, -1))).toBeUndefined();
  });

  test("has the time zone behind it", () => {
    const bytes = object(layout, [1, ...timeBytes, 0], 40, 32);
    expect(decodeTime(layout, bytes)).toEqual({ ...time, timeZone: ZONE });
    expect(decodeTime(layout, bytes.subarray(0, -1))).toBeUndefined();
  });
});

describe("a date with a time", () => {
  test.each([
    ["3.12.1", {}, 1],
    // No such field.
    ["3.5.10", {}, 0],
    ["2.7.18", {}, 0],
  ])("of %s", (text, build, fold) => {
    const one = layoutOf(text, build);
    const bytes = object(one, [1, ...dateBytes, ...timeBytes, 1], 48, 40);
    expect(decodeDateTime(one, bytes)).toEqual({ ...date, ...time, fold, timeZone: ZONE });
    expect(decodeDateTime(one, bytes.subarray(0, 35))).toBeUndefined();
  });

  test("has the time zone sooner where pointers are short", () => {
    const narrow = layoutOf("3.11.7", { architecture: "ia32" });
    const bytes = object(narrow, [1, ...dateBytes, ...timeBytes], 32, 24);
    expect(decodeDateTime(narrow, bytes)?.timeZone).toBe(0x3456_7890);
  });
});

test("a time difference", () => {
  const bytes = object(
    layout,
    [...[-1, 86_399, 5].flatMap((value) => [...new Uint8Array(Int32Array.of(value).buffer)])],
    36,
  );
  expect(decodeTimeDelta(layout, bytes)).toEqual({ days: -1, seconds: 86_399, microseconds: 5 });
  expect(decodeTimeDelta(layout, bytes.subarray(0, -1))).toBeUndefined();
});
