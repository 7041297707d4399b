import type { FrameId, NodeId } from "../sample-batch.js";

/** The parent of the outermost frame of a stack. */
export const ROOT: NodeId = -1;

/**
 * Gives every distinct stack a number: the node of its innermost frame in a trie.
 *
 * An open-addressing hash table over typed arrays, because it is asked once a frame: a `Map` needs a key that joins
 * parent and frame, which is a heap number and costs an allocation.
 */
export class StackTrie {
  #parents = new Int32Array(1024);
  #frames = new Int32Array(1024);
  /** Node + 1 by hash; 0 is free. At most half full. */
  #slots = new Int32Array(4096);
  #size = 0;

  /** How many nodes there are; their ids are 0 … size - 1. */
  get size(): number {
    return this.#size;
  }

  /** The node of `frame` called from the stack `parent`; made when it is new, so compare {@link size}. */
  node(parent: NodeId, frame: FrameId): NodeId {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashOf(parent, frame) & mask;
    for (let entry = slots[slot] as number; entry !== 0; entry = slots[slot] as number) {
      if (this.#parents[entry - 1] === parent && this.#frames[entry - 1] === frame) return entry - 1;
      slot = (slot + 1) & mask;
    }
    return this.#add(parent, frame, slot);
  }

  parentOf(node: NodeId): NodeId {
    return this.#parents[node] ?? ROOT;
  }

  frameOf(node: NodeId): FrameId {
    return this.#frames[node] ?? -1;
  }

  #add(parent: NodeId, frame: FrameId, slot: number): NodeId {
    const node = this.#size++;
    if (node === this.#parents.length) {
      this.#parents = doubled(this.#parents);
      this.#frames = doubled(this.#frames);
    }
    this.#parents[node] = parent;
    this.#frames[node] = frame;
    this.#slots[slot] = node + 1;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return node;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let node = 0; node < this.#size; node++) {
      let slot = hashOf(this.#parents[node] as number, this.#frames[node] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = node + 1;
    }
    this.#slots = slots;
  }
}

function hashOf(parent: NodeId, frame: FrameId): number {
  const mixed = Math.imul(parent, 0x9e3779b1) ^ Math.imul(frame + 1, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

function doubled(values: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(values.length * 2);
  larger.set(values);
  return larger;
}
