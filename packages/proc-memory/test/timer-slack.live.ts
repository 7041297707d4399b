import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";

test("a thread is woken without slack, alone", async () => {
  const slack = () => Number(readFileSync(`/proc/${process.pid}/timerslack_ns`, "latin1"));
  const before = slack();
  const built = new URL("../dist/index.js", import.meta.url).href;
  // Only a thread itself may read its slack without rights, and there is no such file in /proc/thread-self.
  const worker = new Worker(
    `import(${JSON.stringify(built)}).then(({ dropTimerSlack }) => {
      const { parentPort } = require("node:worker_threads");
      const { readFileSync, readlinkSync } = require("node:fs");
      dropTimerSlack();
      const [tid] = readlinkSync("/proc/thread-self").split("/").slice(-1);
      parentPort.postMessage(Number(readFileSync(\`/proc/\${tid}/timerslack_ns\`, "latin1")));
    });`,
    { eval: true },
  );
  const dropped = await new Promise<number>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  expect(dropped).toBe(1);
  expect(slack()).toBe(before);
});
