import fc from "fast-check";
import { expect, test } from "vitest";
import { foldStacks, writeCollapsed } from "../../src/index.js";
import { batchOfStacks, profileOf, profileOfBatches } from "../profile-of.js";
import { anyStacks } from "./any-stacks.js";

function collapsedOf(...names: readonly string[]): string {
  return writeCollapsed(foldStacks(profileOfBatches(batchOfStacks([{ names, samples: 2 }]))));
}

test("a line is a stack from its root to its leaf, and its samples", () => {
  const profile = profileOf(`
    main@/srv/app.py:9;work@/srv/app.py:3 12
    main@/srv/app.py:9 1
    main@/srv/app.py:9;rest@/srv/app.py:4 3
  `);
  expect(writeCollapsed(foldStacks(profile))).toBe(
    "main (app.py:9) 1\nmain (app.py:9);rest (app.py:4) 3\nmain (app.py:9);work (app.py:3) 12\n",
  );
});

test("no samples are no lines", () => {
  expect(writeCollapsed(foldStacks(profileOf("")))).toBe("");
});

test.each([
  ["a semicolon", "a;b", "a:b"],
  ["line breaks", "a\nb\r\n", "a\\nb\\r\\n"],
  ["control characters", "a\tb\x1b[31m\x7f\x85", "a\\tb\\x1b[31m\\x7f\\x85"],
  ["separators of lines and turns of direction", "a\u2028b\u202ec", "a\\u2028b\\u202ec"],
  ["a lone surrogate", "a\udc80b", "a\\udc80b"],
  ["quotes and marks", `<a> & "b" 'c'`, `<a> & "b" 'c'`],
  ["other scripts and emoji", "größe_計算 🐍", "größe_計算 🐍"],
  ["nothing", "", "<unnamed>"],
  ["what looks like a second count", "step 5", "step_5"],
])("a name with %s stays one record", (_, name, shown) => {
  expect(collapsedOf("main", name)).toBe(`main;${shown} 2\n`);
  expect(collapsedOf(name, "leaf").split(";").length).toBe(2);
});

test("any names give lines that read back as the same samples", () => {
  fc.assert(
    fc.property(anyStacks, (stacks) => {
      const text = writeCollapsed(foldStacks(profileOfBatches(batchOfStacks(stacks))));
      const lines = text.split("\n");
      expect(lines.pop()).toBe("");
      let samples = 0;
      for (const line of lines) {
        const [, stack = "", count] = /^(.*) (\d+)$/.exec(line) ?? [];
        samples += Number(count);
        expect(stack.split(";").every((name) => name.length > 0)).toBe(true);
        expect(stack).not.toMatch(/\s\d+$/);
      }
      expect(samples).toBe(stacks.reduce((sum, stack) => sum + stack.samples, 0));
    }),
  );
});
