import { fileURLToPath } from "node:url";
import type { Python } from "../pythons/find-pythons.js";
import { Program } from "./program.js";

/** A program to be sampled. */
export interface TargetKind {
  readonly name: string;
  /** The script in `targets/`, and its arguments. */
  readonly words: readonly string[];
  /**
   * The outermost function of the thread that works. Profilers differ in whether they show threads that sleep, so what
   * is counted are the stacks of this one. Undefined where there is no other.
   */
  readonly worker?: string;
  /** Every chain of calls that the program makes, where that is known. */
  readonly chains?: readonly (readonly string[])[];
}

export const flat: TargetKind = {
  name: "flat, 3 frames",
  words: ["flat.py"],
  chains: [
    ["<module>", "hot_a", "leaf_a"],
    ["<module>", "hot_b", "leaf_b"],
  ],
};
export const generators: TargetKind = {
  name: "generators",
  words: ["generators.py"],
  chains: [
    ["<module>", "pull_a", "produce_a", "leaf_a"],
    ["<module>", "pull_b", "produce_b", "leaf_b"],
  ],
};
export const deep20: TargetKind = { name: "20 frames", words: ["deep.py", "20"] };
export const deep200: TargetKind = { name: "200 frames", words: ["deep.py", "200"] };
export const deep2000: TargetKind = { name: "2,000 frames", words: ["deep.py", "2000"] };
export const threads21: TargetKind = {
  name: "21 threads, 1 busy",
  words: ["threads.py", "21", "busy"],
  worker: "busy",
};
export const threads1000: TargetKind = {
  name: "1,000 threads, 1 busy",
  words: ["threads.py", "1000", "busy"],
  worker: "busy",
};
export const idleThreads: TargetKind = { name: "1,000 idle threads", words: ["threads.py", "1000", "idle"] };
export const asyncio: TargetKind = { name: "asyncio, 100 tasks", words: ["tasks.py"] };

export const targetKinds: readonly TargetKind[] = [
  ...[flat, generators, deep20, deep200, deep2000],
  ...[threads21, threads1000, idleThreads, asyncio],
];

/** Starts one, and returns when it does what it is for. */
export async function startTarget(python: Python, { words }: Pick<TargetKind, "words">): Promise<Program> {
  const [script = "", ...parameters] = words;
  const path = fileURLToPath(new URL(`targets/${script}`, import.meta.url));
  const program = Program.start([...python.command, path, ...parameters]);
  try {
    await program.says(/^ready$/m);
    return program;
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}
