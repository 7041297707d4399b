import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** What still runs. Ended with this process, however that comes to its end (SIGKILL apart). */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.on(signal, () => process.exit(code));
}

/** How a program ended. */
export interface Ending {
  /** Null if a signal ended it. */
  readonly code: number | null;
  /** From the start to the end of the whole process. */
  readonly seconds: number;
}

/** A program that a benchmark started: a target or a profiler. It is gone when it is disposed of. */
export class Program {
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #words: readonly string[];
  #output = "";
  #unheard = "";
  #wake = () => {};

  private constructor(words: readonly string[], child: ChildProcess) {
    const start = performance.now();
    this.#words = words;
    this.#child = child;
    running.add(child);
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, seconds: (performance.now() - start) / 1000 }));
    });
    this.ended.catch(() => {}).finally(() => running.delete(child));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
        this.#unheard += text;
        this.#wake();
      });
    }
  }

  static start(words: readonly string[]): Program {
    const [program = "", ...parameters] = words;
    return new Program(words, spawn(program, parameters, { stdio: ["pipe", "pipe", "pipe"] }));
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`cannot start ${this.#words[0]}`);
    return pid;
  }

  get isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** All that it wrote to both of its outputs so far. */
  get output(): string {
    return this.#output;
  }

  /** Waits until it has said something, after whatever was heard of it before. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#unheard);
      if (match) {
        this.#unheard = this.#unheard.slice(match.index + match[0].length);
        return match;
      }
      const heard = new Promise<false>((resolve) => {
        this.#wake = () => resolve(false);
      });
      const isOver = await Promise.race([heard, this.ended.then(() => true)]);
      if (isOver && !pattern.test(this.#unheard)) throw this.failure("ended too early");
    }
  }

  /** Writes to its input. */
  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Asks it to end, as Ctrl-C does, and waits; one that does not hear is killed. */
  async stop(): Promise<Ending> {
    this.#child.kill("SIGINT");
    return this.endsWithin(20);
  }

  /** Waits for its end; one that takes longer is killed. */
  async endsWithin(seconds: number): Promise<Ending> {
    const patience = new AbortController();
    const timeout = sleep(1000 * seconds, undefined, { signal: patience.signal }).then(
      () => this.#child.kill("SIGKILL"),
      () => {}, // it ended in time
    );
    try {
      return await this.ended;
    } finally {
      patience.abort();
      await timeout;
    }
  }

  /** An error that tells what it did last, without the folders of this machine: it may get into a published page. */
  failure(what: string): Error {
    const lastWords = this.#output.trim().split("\n").slice(-2).join("; ");
    const message = `${this.#words[0]} ${what}${lastWords && `: ${lastWords}`}`;
    return new Error(message.replace(/(?:\/[^\s/:;]+)+\/(?=[^\s/])/g, ""));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended.catch(() => {});
  }
}
