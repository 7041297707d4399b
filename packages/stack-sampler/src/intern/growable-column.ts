/** Numbers that are appended one by one and handed out in slices, without an allocation a number. */

type NumberColumn = Int32Array | Uint8Array | Float64Array;

/** A typed array that doubles its room when it is full. */
export class GrowableColumn<Column extends NumberColumn> {
  #values: Column;
  #length = 0;

  /** `empty` is any array of the wanted type; its room is the initial one. */
  constructor(empty: Column) {
    this.#values = empty;
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) this.#grow();
    this.#values[this.#length++] = value;
  }

  /** Changes a value that was appended since the last {@link take}. */
  set(index: number, value: number): void {
    this.#values[index] = value;
  }

  /** A copy of what was appended since the last call. */
  take(): Column {
    const taken = this.#values.slice(0, this.#length) as Column;
    this.#length = 0;
    return taken;
  }

  #grow(): void {
    const Constructor = this.#values.constructor as new (length: number) => Column;
    const larger = new Constructor(Math.max(16, this.#values.length * 2));
    larger.set(this.#values);
    this.#values = larger;
  }
}
