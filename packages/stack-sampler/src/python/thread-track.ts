import type { Address, Tid } from "@pyspy/proc-memory";
import { ROOT } from "../intern/stack-trie.js";
import type { NodeId, ThreadId } from "../sample-batch.js";

/** For how many samples a frame that was not met again is still read ahead: long enough for calls that alternate. */
const MEMORY_OF_FRAMES = 8;

/**
 * What is remembered of one Python thread state from sample to sample: where its stack was, so that the next
 * sample can be read in one go, and which node each of its frames was, so that callers that have not
 * moved need no look-up.
 */
export class ThreadTrack {
  readonly threadState: Address;
  /** `threading.get_ident()` */
  readonly pythonId: number;
  /** Kernel id, as seen from here; 0 if unknown. */
  tid: Tid;
  /** The kernel has no such thread any more, though Python still lists it. */
  exited = false;
  readonly record: ThreadId;
  /** Data-stack chunks, newest first, and how many bytes of each are used. */
  readonly chunks: { address: Address; used: number }[] = [];
  /** What is read ahead besides: frames that are in no chunk, with the sample in which each was last met. */
  readonly strays = new Map<Address, { length: number; lastMet: number }>();
  /** The last stack, outermost frame first. */
  codes = new Float64Array(64);
  instructions = new Float64Array(64);
  nodes = new Int32Array(64);
  depth = 0;
  #sample = 0;

  constructor(threadState: Address, pythonId: number, tid: Tid, record: ThreadId) {
    this.threadState = threadState;
    this.pythonId = pythonId;
    this.tid = tid;
    this.record = record;
  }

  /** The node of the last stack. */
  get node(): NodeId {
    return this.depth === 0 ? ROOT : (this.nodes[this.depth - 1] ?? ROOT);
  }

  /** Says that something of `length` bytes that is in no chunk was met at `address`. */
  meet(address: Address, length: number): void {
    const known = this.strays.get(address);
    if (known === undefined) this.strays.set(address, { length, lastMet: this.#sample });
    else known.lastMet = this.#sample;
  }

  /** Ends a sample: what has not been met for long is not read ahead any more. */
  forgetOld(): void {
    this.#sample += 1;
    for (const [address, { lastMet }] of this.strays) {
      if (this.#sample - lastMet > MEMORY_OF_FRAMES) this.strays.delete(address);
    }
  }

  /** Makes room for a stack of `depth` frames. */
  reserve(depth: number): void {
    if (depth <= this.nodes.length) return;
    const room = Math.max(depth, this.nodes.length * 2);
    const { codes, instructions, nodes } = this;
    this.codes = new Float64Array(room);
    this.codes.set(codes);
    this.instructions = new Float64Array(room);
    this.instructions.set(instructions);
    this.nodes = new Int32Array(room);
    this.nodes.set(nodes);
  }
}
