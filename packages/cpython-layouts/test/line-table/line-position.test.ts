import { expect, test } from "vitest";
import { layoutFor, linePosition } from "../../src/index.js";

const of = (minor: number) => layoutFor({ major: 3, minor, micro: 13, release: "" });
const CODE = 0x7f1234567800;

test.each([
  ["bytes up to 3.9", of(9), 14, 14],
  ["bytes up to 3.9, before the start", of(9), -1, -1],
  ["twice the units of 3.10", of(10), 7, 14],
  ["units of 3.10, before the start", of(10), -1, -1],
  ["units from the code of 3.12", of(12), CODE + 192 + 8, 4],
  ["one unit before the code of 3.12, before the start", of(12), CODE + 192 - 2, -1],
  ["units from the code of 3.13", of(13), CODE + 200, 0],
])("a frame's place is %s", (_, layout, instruction, position) => {
  expect(linePosition(layout, instruction, CODE)).toBe(position);
});

test("a frame that runs its own copy of the bytecode is placed in that", () => {
  expect(linePosition(of(14), 0x5000_0010, CODE, 0x5000_0000)).toBe(8);
});
