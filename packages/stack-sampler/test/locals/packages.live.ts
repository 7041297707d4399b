import { readFileSync } from "node:fs";
import type { MemoryReader } from "@pyspy/proc-memory";
import { expect, test } from "vitest";
import { pythonWithPackages } from "../../../../tools/testing/python-packages.js";
import { LocalsReader } from "../../src/locals/locals-reader.js";
import { startTarget } from "../fixtures/live-programs.js";
import { StandingPython } from "./fixtures/target-frames.js";

/** Releases of numpy show the same in different ways: the first, and those before scalars of few bits got exponents. */
const programs: readonly (readonly [program: string, packages: readonly string[], atLeast: number])[] = [
  ["array_values", ["numpy", "pandas"], 200],
  ["array_values", ["numpy==1.26.4", "pandas==2.2.3"], 180],
  ["array_values", ["numpy==2.2.6", "pandas==2.2.3"], 180],
  ["model_values", ["attrs", "pydantic"], 10],
];

/** A program that waits, and the values that it tells of. */
async function standingProgram(name: string, packages: readonly string[]) {
  const program = readFileSync(new URL(`fixtures/${name}.py`, import.meta.url), "utf8");
  const { python, folder } = pythonWithPackages(11, packages);
  const target = startTarget([...python.command, "-W", "ignore", "-c", program], {
    env: { PYTHONPATH: folder },
  });
  const told: readonly (readonly [text: string, address: number])[] = JSON.parse(await target.line());
  return { told, standing: await StandingPython.open(target.pid) };
}

test.each(programs)(
  "%s: values of %j are told as they are, arrays by type, shape and dtype",
  { timeout: 600_000 },
  async (name, packages, atLeast) => {
    const { told, standing: opened } = await standingProgram(name, packages);
    using standing = opened;
    const reader = new LocalsReader(standing.process.memory, standing.layout, { characters: 1000 });
    const texts = told.map(([text, address]) => [text, reader.render(address).text]);
    expect(texts.filter(([expected, actual]) => expected !== actual)).toEqual([]);
    expect(told.length).toBeGreaterThanOrEqual(atLeast);
  },
);

test("what lies behind an array of pandas does not belong to it", { timeout: 600_000 }, async () => {
  const { told, standing: opened } = await standingProgram("array_values", ["numpy", "pandas"]);
  using standing = opened;
  const toldOf = (part: string): readonly [text: string, address: number] => {
    const found = told.find(([one]) => one.includes(part));
    if (found === undefined) throw new Error(`there is no ${part}`);
    return found;
  };
  const [text, array] = toldOf("IntegerArray");
  const [, other] = toldOf("dtype('float64')");
  const { memory } = standing.process;
  const OBJECT_END = 32;
  const withNeighbor: MemoryReader = {
    failure: undefined,
    readScatter: (scatter) => memory.readScatter(scatter),
    readInto(address, bytes) {
      const count = memory.readInto(address, bytes);
      const view = new DataView(bytes.buffer, bytes.byteOffset, count);
      if (address !== array) return count;
      for (let at = OBJECT_END; at + 8 <= count; at += 8) view.setBigUint64(at, BigInt(other), true);
      return count;
    },
  };
  expect(new LocalsReader(withNeighbor, standing.layout).render(array).text).toBe(text);
});
