import { closeSync, constants, fstatSync, openSync, write } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import type { ByteSource } from "@pyspy/flamegraph";
import { CommandError } from "../command-error.js";
import { systemReasonOf } from "../system-reason.js";

/**
 * Copies a file that grows to standard output while it grows. Who reads slowly, or not at all for a while, holds up neither the
 * sampling nor the signals that pyspy listens to, and takes no memory: what has not been read yet is in the file.
 */
export class LiveCopy implements Disposable {
  readonly #source: () => ByteSource;
  readonly #descriptor: number;
  #unblocked: number | undefined;
  #copied = 0;
  #copying: Promise<void> | undefined;
  #problem: unknown;
  #isHurried = false;
  /** False when nobody reads any more. */
  isRead = true;

  /** @param source the file as it is now */
  constructor(source: () => ByteSource, descriptor = 1) {
    this.#source = source;
    this.#unblocked = unblocked(descriptor);
    this.#descriptor = this.#unblocked ?? descriptor;
  }

  /** Goes on, with what has been appended. */
  advance(): void {
    if (this.#copying !== undefined || !this.isRead) return;
    this.#copying = this.#copy().then(
      () => {
        this.#copying = undefined;
      },
      (error) => {
        this.#problem = error;
        this.isRead = false;
        this.#copying = undefined;
      },
    );
  }

  /** From now on waits only for one who reads: who takes nothing for a moment counts as gone. */
  hurry(): void {
    this.#isHurried = true;
  }

  /**
   * Copies what is left.
   *
   * @returns false if nobody reads it
   * @throws {CommandError} `output`, if it cannot be written
   */
  async finish(): Promise<boolean> {
    await this.#copying;
    this.advance();
    await this.#copying;
    if (this.#problem === undefined) return this.isRead;
    const reason = systemReasonOf(this.#problem);
    throw new CommandError("output", `Cannot write to standard output: ${reason}`, this.#problem);
  }

  [Symbol.dispose](): void {
    this.isRead = false;
    if (this.#unblocked !== undefined) closeSync(this.#unblocked);
    this.#unblocked = undefined;
  }

  async #copy(): Promise<void> {
    const source = this.#source();
    while (this.isRead && this.#copied < source.size) {
      const bytesWritten = await this.#write(source.read(this.#copied, PIECE));
      if (bytesWritten === undefined) this.isRead = false;
      else this.#copied += bytesWritten;
    }
  }

  /** Writes what there is room for, when there is; undefined if nobody makes room. */
  async #write(bytes: Uint8Array): Promise<number | undefined> {
    for (let waited = 0; !this.#isHurried || waited < PATIENCE_MILLISECONDS; ) {
      try {
        return (await writeAsync(this.#descriptor, bytes)).bytesWritten;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EPIPE") return undefined;
        if (code !== "EAGAIN") throw error;
      }
      await pause(FULL_MILLISECONDS);
      if (this.#isHurried) waited += FULL_MILLISECONDS;
    }
    return undefined;
  }
}

/**
 * The same pipe opened once more, such that a write to it never waits for its reader: Node cannot leave while one of its threads
 * waits in a write, and the pipe as it was opened is shared with programs that expect it to wait. Only pipes can be opened so.
 */
function unblocked(descriptor: number): number | undefined {
  try {
    if (!fstatSync(descriptor).isFIFO()) return undefined;
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // Nobody has it open for reading, or it is closed to us: it is written to as it was given.
    return undefined;
  }
}

const writeAsync = promisify(write);
const PIECE = 65_536;
const FULL_MILLISECONDS = 5;
/** How long one who reads may take to do so. */
const PATIENCE_MILLISECONDS = 200;
