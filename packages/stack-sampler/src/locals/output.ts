import { UNREADABLE } from "../python/remote-text.js";

/**
 * The text of a value while it is made. Whoever writes asks {@link room} before something that can be left out; what is
 * left out is told in the text.
 */
export class Output {
  text = "";
  /** Characters that may still be written. Brackets that are open and marks can make it negative. */
  room: number;
  /** False if something was left out, hidden or unreadable. */
  complete = true;

  constructor(room: number) {
    this.room = room;
  }

  write(text: string): void {
    this.text += text;
    this.room -= text.length;
  }

  unreadable(): void {
    this.mark(UNREADABLE);
  }

  /** Says that something is not here. */
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
