import type { Address, Tid } from "@pyspy/proc-memory";
import type { ThreadId } from "../sample-batch.js";
import { KnownStack } from "./known-stack.js";
import { StackPlaces } from "./stack-places.js";

/** What is remembered of one Python thread state from sample to sample. */
export class ThreadTrack {
  readonly threadState: Address;
  /** `threading.get_ident()` */
  readonly pythonId: number;
  /** Kernel id, as seen from here; 0 if unknown. */
  readonly tid: Tid;
  /** The kernel has no such thread any more, though Python still lists it. */
  exited = false;
  readonly record: ThreadId;
  readonly places = new StackPlaces();
  readonly known = new KnownStack();

  constructor(threadState: Address, pythonId: number, tid: Tid, record: ThreadId) {
    this.threadState = threadState;
    this.pythonId = pythonId;
    this.tid = tid;
    this.record = record;
  }
}
