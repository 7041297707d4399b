import type { Address } from "@pyspy/proc-memory";

/**
 * Notices that a linked list, read while it was changed, has become a circle (Brent's algorithm: it keeps one
 * address and moves on to a later one after 1, 2, 4 … steps, so that no list is too long).
 */
export class CircleWatch {
  /** No address before the first one is kept; as `undefined` it would have V8 allocate every address that is kept. */
  #kept: Address = Number.NaN;
  #steps = 0;
  #patience = 1;

  /** To be asked at every element of the list: true if the list has come back to one that it had before. */
  closesAt(address: Address): boolean {
    if (address === this.#kept) return true;
    this.#steps += 1;
    if (this.#steps === this.#patience) {
      this.#kept = address;
      this.#steps = 0;
      this.#patience *= 2;
    }
    return false;
  }
}
