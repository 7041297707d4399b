import { Buffer } from "node:buffer";
import type { Address } from "@pyspy/proc-memory";
import type { NodeId } from "../sample-batch.js";

/** A stack that does not hold still is read this often. What is doubtful is believed when all readings were the same. */
export const READINGS = 6;

/**
 * A thread's stack as it was last walked, the outermost frame first, with the stack node of each frame. The next stack
 * most often begins with the same frames at the same instructions: as far as it does, its nodes are these.
 */
export class KnownStack {
  addresses = new Float64Array(64);
  codes = new Float64Array(64);
  instructions = new Float64Array(64);
  nodes = new Int32Array(64);
  depth = 0;
  /** How many of the outermost frames have no node of their own, because the stack is too deep to be shown whole. */
  omitted = 0;
  /** The outermost frames that are read once, and where in the buffer each of them is. */
  onceDepth = 0;
  offsets = new Int32Array(64);
  /** The part of the buffer that they are in, and what was in it when they were found to be the same, if that is known. */
  #onceStart = 0;
  #onceEnd = 0;
  #once = new Uint8Array(0);
  #hasOnce = false;
  /** The buffer that was compared last, and that part of it. Comparing places in a buffer would allocate 500 bytes each time. */
  #buffer: Uint8Array | undefined;
  #part: Uint8Array = new Uint8Array(0);

  /** The outermost frame, believed; and another one that was met of late, and how often in a row. */
  #outermost: Address = 0;
  #other: Address = 0;
  #timesMet = 0;

  /**
   * Whether `address` is to be believed to be the outermost frame. Up to 3.10 a frame that has returned has no caller
   * either, and later the place of a frame may have got another use, in which there is none. A thread's outermost frame
   * seldom changes, so another one has to be met several times in a row.
   */
  believesOutermost(address: Address): boolean {
    if (address === this.#outermost) this.#timesMet = 0;
    else {
      this.#timesMet = address === this.#other ? this.#timesMet + 1 : 1;
      this.#other = address;
      if (this.#outermost !== 0 && this.#timesMet < READINGS) return false;
      this.#outermost = address;
    }
    return true;
  }

  /** Says in which part of the buffer the frames are from now on that are read once. */
  putOnce(start: number, end: number): void {
    this.#onceStart = start;
    this.#onceEnd = end;
    this.#buffer = undefined;
    this.#hasOnce = false;
  }

  /** Whether they are in a buffer as {@link keepOnce} met them, to the byte: one call of C instead of a loop over all of them. */
  isOnceAlike(bytes: Uint8Array): boolean {
    if (!this.#hasOnce) return false;
    if (this.#buffer !== bytes) {
      this.#buffer = bytes;
      this.#part = bytes.subarray(this.#onceStart, this.#onceEnd);
    }
    return Buffer.compare(this.#once, this.#part) === 0;
  }

  /** Keeps what is in a buffer where they are, which are what is known of them. */
  keepOnce(bytes: Uint8Array): void {
    const length = this.#onceEnd - this.#onceStart;
    if (this.#once.length !== length) this.#once = new Uint8Array(length);
    this.#once.set(bytes.subarray(this.#onceStart, this.#onceEnd));
    this.#hasOnce = true;
  }

  set(position: number, address: Address, code: Address, instruction: number, node: NodeId): void {
    if (position >= this.nodes.length) this.#grow();
    if (position < this.onceDepth) this.#hasOnce = false;
    this.addresses[position] = address;
    this.codes[position] = code;
    this.instructions[position] = instruction;
    this.nodes[position] = node;
  }

  isAt(position: number, address: Address, code: Address, instruction: number): boolean {
    return (
      position < this.depth &&
      this.addresses[position] === address &&
      this.codes[position] === code &&
      this.instructions[position] === instruction
    );
  }

  forget(): void {
    this.depth = 0;
    this.onceDepth = 0;
    this.#hasOnce = false;
  }

  #grow(): void {
    const length = this.nodes.length * 2;
    this.addresses = resized(this.addresses, new Float64Array(length));
    this.codes = resized(this.codes, new Float64Array(length));
    this.instructions = resized(this.instructions, new Float64Array(length));
    this.nodes = resized(this.nodes, new Int32Array(length));
    this.offsets = resized(this.offsets, new Int32Array(length));
  }
}

function resized<Column extends Float64Array | Int32Array>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
