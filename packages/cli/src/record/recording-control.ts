import type { ControlSignal } from "../signals.js";
import type { Terminal } from "../terminal/terminal.js";

/**
 * Does what a person asks for by a signal while pyspy records. It hears them from before anything is looked at until pyspy leaves:
 * unheard, SIGUSR1 opens Node's debugger, by which whoever reaches it runs code as this user, and SIGUSR2 ends pyspy. Where
 * nothing can be done yet, or any more, it says so.
 */
export class RecordingControl {
  readonly #terminal: Terminal;
  #actions: ControlActions | undefined;
  #isOver = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  hear(signal: ControlSignal): void {
    if (this.#actions === undefined) this.#terminal.say(uncontrolledMessage(signal, this.#isOver));
    else this.#actions[signal]();
  }

  /** Does this, until disposed of. */
  serve(actions: ControlActions): Disposable {
    this.#actions = actions;
    return {
      [Symbol.dispose]: () => {
        this.#actions = undefined;
        this.#isOver = true;
      },
    };
  }
}

/** Here, and not with the other messages, which take longer to load than such a signal may find nobody. */
function uncontrolledMessage(signal: ControlSignal, isOver: boolean): string {
  const what = signal === "SIGUSR1" ? "Nothing to write" : "Nothing to pause";
  return isOver ? `${what} any more: sampling is over` : `${what} yet: sampling has not begun`;
}

type ControlActions = Readonly<Record<ControlSignal, () => void>>;
