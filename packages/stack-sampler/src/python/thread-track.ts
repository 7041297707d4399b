import type { Address, Tid } from "@pyspy/proc-memory";
import type { ThreadId } from "../sample-batch.js";

/** For how many samples a frame that was not met again is still read ahead: long enough for calls that alternate. */
const MEMORY_OF_FRAMES = 8;

/**
 * What is remembered of one Python thread state from sample to sample: where its stack was, so that the next
 * sample can be read in one go.
 */
export class ThreadTrack {
  readonly threadState: Address;
  /** `threading.get_ident()` */
  readonly pythonId: number;
  /** Kernel id, as seen from here; 0 if unknown. */
  readonly tid: Tid;
  /** The kernel has no such thread any more, though Python still lists it. */
  exited = false;
  readonly record: ThreadId;
  /** Data-stack chunks, newest first, and how many bytes of each are used. */
  readonly chunks: { address: Address; used: number }[] = [];
  /** What is read ahead besides: frames that are in no chunk, with the sample in which each was last met. */
  readonly strays = new Map<Address, { length: number; lastMet: number }>();
  #sample = 0;

  constructor(threadState: Address, pythonId: number, tid: Tid, record: ThreadId) {
    this.threadState = threadState;
    this.pythonId = pythonId;
    this.tid = tid;
    this.record = record;
  }

  /** Says that something of `length` bytes that is in no chunk was met at `address`. */
  meet(address: Address, length: number): void {
    const known = this.strays.get(address);
    if (known === undefined || known.length < length)
      this.strays.set(address, { length, lastMet: this.#sample });
    else known.lastMet = this.#sample;
  }

  /** Something was not where it was expected: nothing is expected any more. */
  forgetPlaces(): void {
    this.chunks.length = 0;
    this.strays.clear();
  }

  /** Ends a sample: what has not been met for long is not read ahead any more. */
  forgetOld(): void {
    this.#sample += 1;
    for (const [address, { lastMet }] of this.strays) {
      if (this.#sample - lastMet > MEMORY_OF_FRAMES) this.strays.delete(address);
    }
  }
}
