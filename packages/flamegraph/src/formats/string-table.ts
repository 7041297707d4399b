/** Texts by number, each once; "" is 0, as pprof and OTLP want it. */
export class StringTable {
  readonly texts: string[] = [""];
  readonly #ids = new Map([["", 0]]);

  idOf(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    this.#ids.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }
}
