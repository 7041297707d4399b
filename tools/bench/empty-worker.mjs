// What a Node program costs that does nothing in a worker thread a hundred times a second.
import { Worker } from "node:worker_threads";

new Worker("setInterval(() => {}, 10);", { eval: true });
