import { write } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import type { ByteSource } from "@pyspy/flamegraph";
import { CommandError } from "../command-error.js";
import { systemReasonOf } from "../system-reason.js";

/**
 * Copies a file that grows to standard output while it grows. Who reads slowly, or not at all for a while, holds up neither the
 * sampling nor the signals that pyspy listens to, and takes no memory: what has not been read yet is in the file.
 */
export class LiveCopy {
  readonly #source: () => ByteSource;
  readonly #descriptor: number;
  #copied = 0;
  #copying: Promise<void> | undefined;
  #problem: unknown;
  /** False when nobody reads any more. */
  isRead = true;

  /** @param source the file as it is now */
  constructor(source: () => ByteSource, descriptor = 1) {
    this.#source = source;
    this.#descriptor = descriptor;
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

  async #copy(): Promise<void> {
    const source = this.#source();
    while (this.isRead && this.#copied < source.size) {
      const bytes = source.read(this.#copied, PIECE);
      try {
        const { bytesWritten } = await writeAsync(this.#descriptor, bytes);
        this.#copied += bytesWritten;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EPIPE") this.isRead = false;
        // Another program that has the same pipe may not want to wait for it.
        else if (code === "EAGAIN") await pause(FULL_MILLISECONDS);
        else throw error;
      }
    }
  }
}

const writeAsync = promisify(write);
const PIECE = 65_536;
const FULL_MILLISECONDS = 5;
