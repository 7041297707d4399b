import { expect, it } from "vitest";
import { GrowableColumn } from "../../src/intern/growable-column.js";

it.each([
  ["Int32Array", () => new Int32Array(2)],
  ["Uint8Array", () => new Uint8Array(0)],
  ["Float64Array", () => new Float64Array(2)],
])("a column of %s gives back what was appended, in its own type", (_, empty) => {
  const column = new GrowableColumn<Int32Array | Uint8Array | Float64Array>(empty());
  const values = Array.from({ length: 100 }, (_value, index) => index);
  for (const value of values) column.push(value);
  expect(column.length).toBe(100);
  const taken = column.take();
  expect(taken).toEqual(Object.getPrototypeOf(empty()).constructor.from(values));
  expect(column.length).toBe(0);
});

it("what was taken does not change with what comes after it", () => {
  const column = new GrowableColumn(new Int32Array(4));
  column.push(1);
  const first = column.take();
  column.push(2);
  column.push(3);
  expect([first, column.take(), column.take()]).toEqual([
    Int32Array.of(1),
    Int32Array.of(2, 3),
    new Int32Array(0),
  ]);
});

it("what was taken has a buffer of its own size, so that it can be handed to another thread", () => {
  const column = new GrowableColumn(new Float64Array(64));
  column.push(1.5);
  expect(column.take().buffer.byteLength).toBe(8);
});
