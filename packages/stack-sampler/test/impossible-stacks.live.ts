/**
 * Stacks that never were, counted. Every function of the programs has one chain of callers, so a stack that mixes two moments
 * shows itself. They are sampled as often as it goes, while they run on.
 */
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { findPythons, type Python } from "../../../tools/testing/pythons.js";
import { attachTo, startTarget } from "./fixtures/live-programs.js";
import { Recording } from "./fixtures/recording.js";

const PROGRAM = fileURLToPath(new URL("./fixtures/one_caller.py", import.meta.url));
const RATE = 50_000;
const ENOUGH_STACKS = 40_000;
const MOST_IMPOSSIBLE = 0.001;
/**
 * Generators that live for a microsecond each get the frame of the one before, on the heap, far from the frames that they call:
 * up to 0.7 % of the stacks on 3.13. (Where nothing is compared it is 20 to 60 %.)
 */
const MOST_IMPOSSIBLE_OF_GENERATORS = 0.02;
const MOST_TORN = 0.05;

/** The stacks that there are below the function that is the program. */
const POSSIBLE = {
  calls: inAnyPart("a_1;b_1;c_1", "a_2;b_2;c_2"),
  generators: inAnyPart(
    "outer_1;inner_1;leaf_1",
    "outer_2;inner_2;leaf_2",
    "short_1;leaf_3",
    "short_2;leaf_4",
  ),
  exceptions: inAnyPart(
    "catches_1;passes_1;raises_1",
    "catches_1;cleans_1",
    "catches_2;passes_2;raises_2",
    "catches_2;passes_2;ends_2",
  ),
  recursion: inAnyPart(`${"down_1;".repeat(12)}bottom_1`, `${"down_2;".repeat(12)}bottom_2`),
  callbacks: inAnyPart("key_1;half_1", "each_2;twice_2", "__init__;init_3", "__add__;add_3"),
  codes: /^(?:<module>(?:;x_(\d+)(?:;y_\1(?:;z_\1)?)?)?)?$/,
} satisfies Record<string, RegExp>;

describe.each(findPythons())("CPython $name", (python) => {
  test.each(Object.keys(POSSIBLE) as (keyof typeof POSSIBLE)[])("%s", async (program) => {
    const { impossible, stacks, torn } = await sampled(python, program);
    expect(impossible.length / stacks, impossible.slice(0, 5).join("\n")).toBeLessThanOrEqual(
      program === "generators" ? MOST_IMPOSSIBLE_OF_GENERATORS : MOST_IMPOSSIBLE,
    );
    if (program === "calls") expect(torn).toBeLessThanOrEqual(MOST_TORN);
  });
});

async function sampled(python: Python, program: keyof typeof POSSIBLE) {
  const target = startTarget([...python.command, PROGRAM, program]);
  await target.line();
  const sampler = await attachTo(target.pid, { rate: RATE });
  const recording = await Recording.until(sampler, ({ counters }) => counters.attempted >= ENOUGH_STACKS);
  const { good, torn, attempted } = recording.counters;
  const impossible: string[] = [];
  let last = "";
  for (const { stack } of recording.good) {
    const told = stack.join(";");
    // A program that waits for a processor stands still, and is met many times at one moment.
    if (told !== last && !isPossible(told, program)) impossible.push(told);
    last = told;
  }
  return { impossible, stacks: good, torn: torn / attempted };
}

function isPossible(told: string, program: keyof typeof POSSIBLE): boolean {
  const outer = `<module>;${program}`;
  const stack = told.replace(/;<GC>$/, "");
  // What is left of writing the line that says that it has begun.
  if (stack === "<module>") return true;
  if (stack !== outer && !stack.startsWith(`${outer};`)) return false;
  return POSSIBLE[program].test(stack.slice(outer.length + 1));
}

/** Any of the stacks, also as it is before its inner functions are called. */
function inAnyPart(...stacks: readonly string[]): RegExp {
  const parts = stacks.flatMap((stack) => {
    const names = stack.split(";");
    return names.map((_, index) => names.slice(0, index + 1).join(";"));
  });
  return new RegExp(`^(?:${["", ...new Set(parts)].join("|")})$`);
}
