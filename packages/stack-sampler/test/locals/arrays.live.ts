import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pythonWithPackages } from "../../../../tools/testing/python-packages.js";
import { LocalsReader } from "../../src/locals/locals-reader.js";
import { startTarget } from "../fixtures/live-programs.js";
import { StandingPython } from "./fixtures/target-frames.js";

const program = readFileSync(new URL("fixtures/array_values.py", import.meta.url), "utf8");

/** Releases show the same in different ways: numpy 1, and the one before scalars of few bits got exponents. */
const releases: readonly (readonly string[])[] = [
  ["numpy", "pandas", "attrs"],
  ["numpy==1.26.4", "pandas==2.2.3", "attrs"],
  ["numpy==2.2.6", "pandas==2.2.3", "attrs"],
];

test.each(releases)(
  "values of %s, %s and %s are told as they are, arrays by type, shape and dtype",
  { timeout: 600_000 },
  async (...packages) => {
    const { python, folder } = pythonWithPackages(11, packages);
    const target = startTarget([...python.command, "-W", "ignore", "-c", program], {
      env: { PYTHONPATH: folder },
    });
    const told: readonly (readonly [text: string, address: number])[] = JSON.parse(await target.line());
    using standing = await StandingPython.open(target.pid);
    const reader = new LocalsReader(standing.process.memory, standing.layout, { characters: 1000 });
    const texts = told.map(([text, address]) => [text, reader.render(address).text]);
    expect(texts.filter(([expected, actual]) => expected !== actual)).toEqual([]);
    expect(told.length).toBeGreaterThan(150);
  },
);
