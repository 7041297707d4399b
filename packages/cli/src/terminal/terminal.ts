import { isTerminal } from "./is-terminal.js";
import { printable, shortened } from "./printable.js";
import { type Style, styleOf } from "./style.js";
import { writeFully } from "./write-fully.js";

/** Where pyspy speaks to a person: lines that stay, and at most one status line that comes and goes. */
export class Terminal {
  readonly #write: (text: string) => void;
  readonly #style: Style;
  readonly #columns: () => number;
  #hasStatus = false;
  /** Whether {@link showStatus} shows anything. */
  readonly interactive: boolean;

  constructor(options: {
    readonly write: (text: string) => void;
    readonly style: Style;
    readonly interactive: boolean;
    readonly columns: () => number;
  }) {
    this.#write = options.write;
    this.#style = options.style;
    this.#columns = options.columns;
    this.interactive = options.interactive;
  }

  /** A line that informs. It may share the screen with the program's own output, so it says who speaks. */
  say(line: string): void {
    this.#line(this.#style.dim("pyspy:"), line);
  }

  /** A line about something that is not as it should be. */
  warn(line: string): void {
    this.#line(this.#style.yellow("pyspy:"), line);
  }

  /** A line about what could not be done. */
  fail(line: string): void {
    this.#line(this.#style.red("pyspy:"), line);
  }

  /** Replaces the status line. */
  showStatus(text: string): void {
    if (!this.interactive) return;
    // One column stays free: terminals disagree about where the cursor is after the last one.
    this.#write(`${eraseLine}${this.#style.dim(shortened(printable(text), this.#columns() - 1))}`);
    this.#hasStatus = true;
  }

  clearStatus(): void {
    if (this.#hasStatus) this.#write(eraseLine);
    this.#hasStatus = false;
  }

  #line(speaker: string, line: string): void {
    this.clearStatus();
    this.#write(`${speaker} ${printable(line)}\n`);
  }
}

const eraseLine = "\r\x1b[2K";

/** The terminal on standard error. */
export function errorTerminal(): Terminal {
  const interactive = isTerminal(2) && process.env["TERM"] !== "dumb";
  return new Terminal({
    write: (text) => writeFully(2, text),
    style: styleOf(2),
    interactive,
    columns: () => (interactive ? process.stderr.columns || 80 : 80),
  });
}
