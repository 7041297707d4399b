/**
 * How the main thread talks to a worker that never returns to its event loop: a few words of shared
 * memory that the worker looks at between samples, and waits on instead of sleeping when that is for longer than a moment.
 */

const WAKE = 0;
const STOP = 1;
const SIGNALS = 2;
const PAUSE = 4;
const WORDS = 5;

/** Both ends of the conversation; make it on the main thread and hand {@link ControlBlock.buffer} to the worker. */
export class ControlBlock {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  #seen = 0;

  constructor(buffer = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  requestStop(): void {
    Atomics.store(this.#words, STOP, 1);
    this.#wake();
  }

  get stopRequested(): boolean {
    return Atomics.load(this.#words, STOP) !== 0;
  }

  setPaused(paused: boolean): void {
    Atomics.store(this.#words, PAUSE, paused ? 1 : 0);
    this.#wake();
  }

  get isPaused(): boolean {
    return Atomics.load(this.#words, PAUSE) !== 0;
  }

  /** Asks the worker to send signal number `signal` (1 … 64) to the program it launched. */
  requestSignal(signal: number): void {
    const bit = signal - 1;
    Atomics.or(this.#words, SIGNALS + (bit >> 5), 1 << (bit & 31));
    this.#wake();
  }

  /** The signal numbers asked for since the last call, ascending. */
  takeSignals(): number[] {
    const signals: number[] = [];
    for (let word = 0; word < 2; word++) {
      const bits = Atomics.exchange(this.#words, SIGNALS + word, 0);
      for (let rest = bits; rest !== 0; rest &= rest - 1)
        signals.push(word * 32 + 32 - Math.clz32(rest & -rest));
    }
    return signals;
  }

  /** Whether anything has been asked for since the last call. */
  hasNews(): boolean {
    const asked = Atomics.load(this.#words, WAKE);
    if (asked === this.#seen) return false;
    this.#seen = asked;
    return true;
  }

  /** Sleeps up to `milliseconds`, or until there is something that {@link hasNews} has not told of. Not for the main thread. */
  wait(milliseconds: number): void {
    Atomics.wait(this.#words, WAKE, this.#seen, milliseconds);
  }

  #wake(): void {
    Atomics.add(this.#words, WAKE, 1);
    Atomics.notify(this.#words, WAKE);
  }
}
