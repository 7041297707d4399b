import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import ts from "typescript";
import { expect, it } from "vitest";
import { ControlBlock } from "../../src/worker/control-block.js";

it("a stop is seen from both ends", () => {
  const here = new ControlBlock();
  const there = new ControlBlock(here.buffer);
  expect(there.stopRequested).toBe(false);
  here.requestStop();
  expect([here.stopRequested, there.stopRequested]).toEqual([true, true]);
});

it("every signal that was asked for is taken once, in ascending order", () => {
  const here = new ControlBlock();
  const there = new ControlBlock(here.buffer);
  for (const signal of [64, 15, 1, 33, 32, 2, 2]) here.requestSignal(signal);
  expect(there.takeSignals()).toEqual([1, 2, 15, 32, 33, 64]);
  expect(there.takeSignals()).toEqual([]);
  here.requestSignal(9);
  expect(there.takeSignals()).toEqual([9]);
});

it("a request that came before a wait is not slept over", () => {
  const here = new ControlBlock();
  const there = new ControlBlock(here.buffer);
  here.requestSignal(1);
  there.wait(Number.POSITIVE_INFINITY);
  expect(there.takeSignals()).toEqual([1]);
});

it("there are news once for what was asked for since they were taken", () => {
  const here = new ControlBlock();
  const there = new ControlBlock(here.buffer);
  expect(there.hasNews()).toBe(false);
  here.requestSignal(1);
  here.setPaused(true);
  expect([there.hasNews(), there.hasNews()]).toEqual([true, false]);
  here.requestStop();
  expect([there.hasNews(), there.hasNews()]).toEqual([true, false]);
});

it("a wait without requests ends after its time", () => {
  new ControlBlock().wait(1);
});

it("one wait is ended by what came before it, the next is a new one", async () => {
  await using thread = await WaitingThread.start();
  thread.control.requestSignal(1);
  expect(await thread.next()).toEqual([1]);
  thread.control.requestSignal(2);
  thread.control.requestSignal(3);
  const taken = await thread.next();
  if (!taken.includes(3)) taken.push(...(await thread.next()));
  expect(taken).toEqual([2, 3]);
  thread.control.requestStop();
  const [waits] = await thread.next();
  // No more than there were requests: the thread slept in between.
  expect(waits).toBeLessThanOrEqual(4);
});

/** A thread that waits for good until something is asked for, tells what it was, and at a stop how often it has waited. */
class WaitingThread {
  readonly control: ControlBlock;
  readonly #worker: Worker;
  readonly #told: (number | string)[][] = [];
  #wake: () => void = () => {};

  private constructor(control: ControlBlock, worker: Worker) {
    this.control = control;
    this.#worker = worker;
    worker.on("message", (told) => {
      this.#told.push(told);
      this.#wake();
    });
  }

  /** Node 20 runs no TypeScript, so the class is brought to the thread as the JavaScript that it is. */
  static async start(): Promise<WaitingThread> {
    const source = readFileSync(new URL("../../src/worker/control-block.ts", import.meta.url), "utf8");
    const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
    const { outputText } = ts.transpileModule(source, { compilerOptions: options });
    const control = new ControlBlock();
    const program = `
      const { parentPort, workerData } = require("node:worker_threads");
      import("data:text/javascript," + encodeURIComponent(workerData.source)).then(({ ControlBlock }) => {
        const control = new ControlBlock(workerData.buffer);
        parentPort.postMessage(["ready"]);
        let waits = 0;
        while (!control.stopRequested) {
          control.wait(Infinity);
          control.hasNews();
          waits += 1;
          const signals = control.takeSignals();
          if (signals.length > 0) parentPort.postMessage(signals);
        }
        parentPort.postMessage([waits]);
      });`;
    const workerData = { source: outputText, buffer: control.buffer };
    const thread = new WaitingThread(control, new Worker(program, { eval: true, workerData }));
    expect(await thread.next()).toEqual(["ready"]);
    return thread;
  }

  async next(): Promise<(number | string)[]> {
    for (;;) {
      const told = this.#told.shift();
      if (told !== undefined) return told;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
