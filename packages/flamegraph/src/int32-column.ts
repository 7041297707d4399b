/** A column of 32-bit integers that grows at its end. What is in it never changes, so a view of it is a snapshot. */
export class Int32Column {
  #values = new Int32Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The value at `index`, which must be below {@link length}. */
  at(index: number): number {
    return this.#values[index] ?? 0;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Int32Array(this.#length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
  }

  /** What is in the column now, without copying it. */
  view(): Int32Array {
    return this.#values.subarray(0, this.#length);
  }
}
