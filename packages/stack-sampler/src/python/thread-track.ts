import type { Address, ThreadActivity, Tid } from "@pyspy/proc-memory";
import type { Nanoseconds, NodeId, ThreadId } from "../sample-batch.js";
import { KnownStack } from "./known-stack.js";
import { StackPlaces } from "./stack-places.js";

/** What is remembered of one Python thread state from sample to sample. */
export class ThreadTrack {
  readonly threadState: Address;
  /** `threading.get_ident()` */
  readonly pythonId: number;
  /** What the operating system says of the thread; undefined if its kernel id is not known. */
  readonly activity: ThreadActivity | undefined;
  /** Id of its interpreter. */
  readonly interpreter: number;
  readonly places = new StackPlaces();
  readonly known = new KnownStack();
  name = "";
  /** As what it was described; undefined before its first sample, and when its name has changed. */
  record: ThreadId | undefined;
  /** On a processor or ready for one, as far as is known. */
  isActive = true;
  /** Whether the stack may have changed since it was read. */
  hasRun = true;
  wantsGil = false;
  /** Whether its stack was read before: where its frames are is known then, and most of what runs in them. */
  isMet = false;
  /** Whether its stack could not be read at the last sample. */
  isUnreadable = false;
  /** The stack at the last sample; undefined if it was not good. */
  node: NodeId | undefined;
  /** Its last sample: when it was, and its number among those that are pending. */
  sampledAt: Nanoseconds = -1;
  row = 0;
  /** {@link ThreadActivity.cpuTime} at the last sample. */
  cpuTime: Nanoseconds = -1;
  /** When the operating system is asked again, in the milliseconds of `monotonicTime()`. */
  nextLook = 0;

  constructor(
    threadState: Address,
    pythonId: number,
    interpreter: number,
    activity: ThreadActivity | undefined,
  ) {
    this.threadState = threadState;
    this.pythonId = pythonId;
    this.interpreter = interpreter;
    this.activity = activity;
  }

  /** Kernel id, as seen from here; 0 if unknown. */
  get tid(): Tid {
    return this.activity?.tid ?? 0;
  }

  /** The kernel has no such thread any more, though Python still lists it. */
  get hasExited(): boolean {
    return this.activity?.state === "exited";
  }

  /** What it has used since the last time this was asked; -1 if unknown. */
  takeCpuTime(): Nanoseconds {
    const now = this.activity?.cpuTime ?? -1;
    const before = this.cpuTime;
    this.cpuTime = now;
    return now < 0 || before < 0 ? -1 : now - before;
  }

  /** Ids that were given have ended. */
  forget(): void {
    this.known.forget();
    this.isMet = false;
    this.record = undefined;
    this.node = undefined;
  }
}
