// What a Node program costs that wakes up in a worker thread a hundred times a second, and does nothing.
import { Worker } from "node:worker_threads";

new Worker(
  `const word = new Int32Array(new SharedArrayBuffer(4));
   for (;;) Atomics.wait(word, 0, 0, 10);`,
  { eval: true },
);
