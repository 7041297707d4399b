import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A program that a test looks into: it says on its standard output how far it is. */
export class Target {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<number | null>;

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.#exited = new Promise((resolve) => process.once("exit", resolve));
    const { stdout } = process;
    if (stdout === null) throw new Error("a target needs a pipe for its standard output");
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** Starts `command`; standard error is the test's own. */
  static start(command: readonly string[], options: SpawnOptions = {}): Target {
    const [program = "", ...parameters] = command;
    return new Target(spawn(program, parameters, { stdio: ["pipe", "pipe", "inherit"], ...options }));
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error(`cannot start ${this.#process.spawnfile}`);
    return pid;
  }

  /** The next line that it writes. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#process.spawnargs.join(" ")} ended without saying what it should`);
    return value;
  }

  /** Writes to its standard input. */
  write(text: string): void {
    this.#process.stdin?.write(text);
  }

  /** Lets a target go on that waits for its standard input to close. */
  release(): void {
    this.#process.stdin?.end();
  }

  /** Its exit code; null if a signal ended it. */
  get exited(): Promise<number | null> {
    return this.#exited;
  }

  /** Ends it, if it still runs, and waits for that. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill("SIGKILL");
    await this.#exited;
  }
}
