import { Int32Column } from "./int32-column.js";

/**
 * Numbers pairs of integers, equal pairs alike: ids count up from 0 in the order in which pairs first came.
 *
 * A trie is such a table of (parent, label). Profiles of deep or varied programs have millions of
 * nodes; an open-addressing table over typed arrays holds them in 16 bytes each, where a `Map` needs
 * several times that and ends at 2^24 entries.
 */
export class PairTable {
  readonly #first = new Int32Column();
  readonly #second = new Int32Column();
  /** Id + 1 of the pair in each slot; 0 is a free slot. The length is a power of two, at least half of it free. */
  #slots = new Int32Array(128);

  get size(): number {
    return this.#first.length;
  }

  /** The first of the pair `id`. */
  first(id: number): number {
    return this.#first.at(id);
  }

  /** The second of the pair `id`. */
  second(id: number): number {
    return this.#second.at(id);
  }

  firsts(): Int32Array {
    return this.#first.view();
  }

  seconds(): Int32Array {
    return this.#second.view();
  }

  /** The id of the pair, a new one if it has none yet. */
  intern(first: number, second: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashPair(first, second) & mask;
    for (;;) {
      const id = (this.#slots[slot] ?? 0) - 1;
      if (id < 0) break;
      if (this.#first.at(id) === first && this.#second.at(id) === second) return id;
      slot = (slot + 1) & mask;
    }
    const id = this.size;
    this.#first.push(first);
    this.#second.push(second);
    this.#slots[slot] = id + 1;
    if (this.size * 2 > this.#slots.length) this.#grow();
    return id;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let id = 0; id < this.size; id++) {
      let slot = hashPair(this.#first.at(id), this.#second.at(id)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
  }
}

/** Spreads neighbouring numbers, which tries are full of (the finalizer of MurmurHash3). */
function hashPair(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ second;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
