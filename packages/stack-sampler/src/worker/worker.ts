/** The worker thread's program: it hardly returns to its event loop before the session is over. */
import { parentPort, type TransferListItem, workerData } from "node:worker_threads";
import type { SampleBatch } from "../sample-batch.js";
import type { SessionMessage, SessionOrder } from "./protocol.js";
import { runSession } from "./session.js";

void runSession(workerData as SessionOrder, post);

/** Columns are handed over instead of being copied: what is left behind would stay until there is enough garbage to collect. */
function post(message: SessionMessage): void {
  parentPort?.postMessage(message, message.type === "batch" ? columnBuffers(message.batch) : []);
}

function columnBuffers({ frames, nodes, samples }: SampleBatch): TransferListItem[] {
  return [frames, nodes, samples].flatMap((columns) => Object.values(columns)).map(({ buffer }) => buffer);
}
