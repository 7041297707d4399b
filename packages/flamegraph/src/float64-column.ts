/** A column of numbers that grows at its end. */
export class Float64Column {
  #values = new Float64Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(this.#length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
  }

  /** Adds `amount` to the value at `index`, which must be below {@link length}. */
  addAt(index: number, amount: number): void {
    this.#values[index] = (this.#values[index] ?? 0) + amount;
  }

  /** What is in the column now, without copying it. */
  view(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}
