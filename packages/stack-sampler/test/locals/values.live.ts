import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { findPythons } from "../../../../tools/testing/pythons.js";
import { LocalsReader } from "../../src/locals/locals-reader.js";
import { startTarget } from "../fixtures/live-programs.js";
import { StandingPython } from "./fixtures/target-frames.js";

// Given as an argument: an interpreter in a root of its own does not see these files.
function program(name: string): string {
  return [name, "tell_values"]
    .map((file) => readFileSync(new URL(`fixtures/${file}.py`, import.meta.url), "utf8"))
    .join("\n");
}

type ToldValue = readonly [source: string, address: number, repr: string];

describe.each(["values", "library_values"])("%s", (source) => {
  test.each(findPythons())(
    "of CPython $name are what it says of them",
    { timeout: 120_000 },
    async ({ command }) => {
      const target = startTarget([...command, "-W", "ignore", "-c", program(source)]);
      const told: readonly ToldValue[] = JSON.parse(await target.line());
      using python = await StandingPython.open(target.pid);
      const reader = new LocalsReader(python.process.memory, python.layout, {
        characters: 2 ** 24,
        objects: 2 ** 24,
        bytes: 2 ** 30,
      });
      const differing = told.flatMap(([source, address, repr]) => {
        const { text } = reader.render(address);
        return text === repr ? [] : [{ source, text, repr }];
      });
      expect(differing).toEqual([]);
      expect(told.length).toBeGreaterThan(150);
    },
  );
});
