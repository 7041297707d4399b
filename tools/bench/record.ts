import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseCollapsed, type RecordedStack } from "./collapsed.js";
import type { Profiler } from "./profilers/profiler.js";
import { Program } from "./program.js";
import { TemporaryFolder } from "./temporary-folder.js";

/** What a profiler made of a target. */
export interface Recording {
  readonly stacks: readonly RecordedStack[];
  /** For how long it sampled, start-up and writing apart. */
  readonly seconds: number;
  /** How many stacks it found to be inconsistent, and left out. */
  readonly torn: number;
}

export interface RecordOptions {
  readonly pid: number;
  readonly rate: number;
  readonly seconds: number;
  /** Words to put before the profiler's own; it must be left to end by itself then. */
  readonly under?: readonly string[];
}

/**
 * Lets a profiler record for a while.
 *
 * @throws Error that says what the profiler said, if it failed or did not end
 */
export async function record(profiler: Profiler, options: RecordOptions): Promise<Recording> {
  const { pid, rate, seconds, under } = options;
  const { begins } = profiler;
  const isInterrupted = begins !== undefined && under === undefined;
  using folder = new TemporaryFolder();
  const output = folder.file("stacks");
  const words = profiler.command({ pid, rate, output, seconds: isInterrupted ? undefined : seconds });
  await using program = Program.start([...(under ?? []), ...words]);
  let clock: number | undefined;
  if (isInterrupted) {
    await program.says(begins);
    const start = performance.now();
    await sleep(1000 * seconds);
    clock = (performance.now() - start) / 1000;
  }
  const { code } = await (isInterrupted ? program.stop() : program.endsWithin(10 * seconds + 120));
  if (code !== 0 || !existsSync(output)) throw program.failure("recorded nothing");
  const text = readFileSync(output, "utf8");
  const told = `${program.output}\n${text}`;
  return {
    stacks: parseCollapsed(text, profiler.dialect),
    seconds: clock ?? profiler.sampledSeconds?.(told) ?? seconds,
    torn: profiler.torn?.(told) ?? 0,
  };
}
