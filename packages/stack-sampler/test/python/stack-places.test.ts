import { ScatterRead } from "@pyspy/proc-memory";
import { expect, it } from "vitest";
import { StackPlaces } from "../../src/python/stack-places.js";

const THREAD_STATE = 0x7f00_0000_1000;
const PARTS = { start: 72, end: 96, innermost: 72, pointerSize: 8 };

it("many copies do not follow one another at even distances", () => {
  const places = new StackPlaces();
  const plan = new ScatterRead(64, 4096);
  places.setChunks([{ address: 0x7f00_0010_0000, end: 0x7f00_0010_0200 }]);
  places.tear();
  places.plan(plan, THREAD_STATE, PARTS);
  const distances = places.toCopy.slice(1).map((at, index) => at - (places.toCopy[index] ?? 0));
  expect(distances.length).toBe(7);
  for (const [index, distance] of distances.slice(1).entries()) expect(distance).not.toBe(distances[index]);
});
