import { UNREADABLE } from "../python/remote-text.js";

/** As many characters are shown however little room there is. */
const LEAST = 20;

/**
 * The text of a value while it is made. Whoever writes asks {@link room} before something that can be left out; what is
 * left out is told in the text.
 */
export class Output {
  text = "";
  /** Characters that may still be written. Brackets that are open and marks can make it negative. */
  room: number;
  /** False if the text does not tell all of the value. */
  complete = true;

  constructor(room: number) {
    this.room = room;
  }

  write(text: string): void {
    this.text += text;
    this.room -= text.length;
  }

  /** Writes as much of a text as there is room for, of which nothing can be left out in the middle. */
  writeSome(text: string): void {
    const length = Math.max(this.room, LEAST);
    this.write(text.slice(0, length));
    if (text.length > length) this.mark("...");
  }

  unreadable(): void {
    this.mark(UNREADABLE);
  }

  /** Writes what stands for something that is not here. */
  mark(text: string): void {
    this.complete = false;
    this.write(text);
  }

  /**
   * Items between brackets, as many as there is room for.
   *
   * @param total - how many there are, for the mark that says how many are left out
   * @param writeItem - writes an item
   */
  items<Item>(
    open: string,
    close: string,
    total: number,
    items: Iterable<Item>,
    writeItem: (item: Item) => void,
  ): void {
    this.write(open);
    this.room -= close.length;
    let shown = 0;
    // Not a loop over the items: to ask for one that is not shown can take a long search.
    const iterator = items[Symbol.iterator]();
    while (shown < total && (shown === 0 || this.room > 2)) {
      const { value, done } = iterator.next();
      if (done) break;
      if (shown > 0) this.write(", ");
      writeItem(value);
      shown += 1;
    }
    if (shown < total) {
      this.mark(`${shown > 0 ? ", " : ""}... ${total - shown} more`);
    }
    this.text += close;
  }
}
