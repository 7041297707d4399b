import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { start } from "./live-programs.js";

const SLICE = /^se\.slice\s*:\s*(\d+)$/m;

function sliceIn(file: string): number | undefined {
  const [, slice] = SLICE.exec(readFileSync(file, "latin1")) ?? [];
  return slice === undefined ? undefined : Number(slice);
}

/** From Linux 6.12 on. */
const shows = sliceIn("/proc/thread-self/sched") !== undefined;

test.runIf(shows)("a thread has short turns, alone, and what was started before has not", async () => {
  const before = sliceIn("/proc/thread-self/sched");
  const program = start(["sleep", "600"]);
  const built = new URL("../dist/index.js", import.meta.url).href;
  const worker = new Worker(
    `import(${JSON.stringify(built)}).then(({ takeShortTurns }) => {
      const { parentPort } = require("node:worker_threads");
      const took = takeShortTurns();
      parentPort.postMessage([took, require("node:fs").readFileSync("/proc/thread-self/sched", "latin1")]);
    });`,
    { eval: true },
  );
  const [took, text] = await new Promise<[boolean, string]>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  expect(took).toBe(true);
  expect(Number(SLICE.exec(text)?.[1])).toBe(100_000);
  expect(sliceIn("/proc/thread-self/sched")).toBe(before);
  expect(sliceIn(`/proc/${program.pid}/sched`)).toBe(before);
});
