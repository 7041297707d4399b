import { expect, test } from "vitest";
import { countImpossible, countSamples, parseCollapsed } from "./collapsed.js";

const functions = ["<module>", "hot_a", "leaf_a"];

test.each([
  {
    dialect: "named",
    text: "<module> (flat.py:5);hot_a (flat.py:3);leaf_a (flat.py:1) 2169\n<module> (flat.py:4) 78\n",
    stacks: [
      { functions, count: 2169 },
      { functions: ["<module>"], count: 78 },
    ],
  },
  {
    dialect: "placed",
    text: "tid:6534;flat.py:<module>:5;flat.py:hot_a:3;flat.py:leaf_a:1 20152\n",
    stacks: [{ functions, count: 20152 }],
  },
  {
    dialect: "timed",
    text: [
      "# austin: 3.7.0",
      "",
      "P6442;T0:6442;/tmp/flat.py:<module>:5;/tmp/flat.py:hot_a:3;/tmp/flat.py:leaf_a:1 14535",
      "P6442;T0:6442;/tmp/flat.py:<module>:5;/tmp/flat.py:hot_a:3;/tmp/flat.py:leaf_a:1 32",
      "# duration: 2002823",
    ].join("\n"),
    stacks: [{ functions, count: 2 }],
  },
] as const)("stacks are read as they are $dialect", ({ dialect, text, stacks }) => {
  expect(parseCollapsed(text, dialect)).toEqual(stacks);
});

test("samples are counted by what they contain", () => {
  const stacks = [
    { functions, count: 5 },
    { functions: ["<module>", "wait"], count: 3 },
  ];
  expect(countSamples(stacks)).toBe(8);
  expect(countSamples(stacks, "leaf_a")).toBe(5);
});

test("a stack is possible if it begins a chain, and no other is", () => {
  const chains = [
    ["<module>", "hot_a", "leaf_a"],
    ["<module>", "hot_b", "leaf_b"],
  ];
  const possible = [["<module>"], ["<module>", "hot_b"], functions];
  const impossible = [
    ["<module>", "hot_a", "leaf_b"],
    ["<module>", "leaf_a"],
    [...functions, "leaf_a"],
  ];
  const stacksOf = (all: readonly (readonly string[])[]) => all.map((one) => ({ functions: one, count: 2 }));
  expect(countImpossible(stacksOf(possible), chains)).toBe(0);
  expect(countImpossible(stacksOf(impossible), chains)).toBe(6);
});
