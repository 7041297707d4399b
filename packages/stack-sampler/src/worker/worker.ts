/** The worker thread's program: it hardly returns to its event loop before the session is over. */
import { parentPort, workerData } from "node:worker_threads";
import type { SessionOrder } from "./protocol.js";
import { runSession } from "./session.js";

void runSession(workerData as SessionOrder, (message) => parentPort?.postMessage(message));
