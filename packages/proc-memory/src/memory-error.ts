import type { Address, ReadFailure } from "./memory-reader.js";
import type { Pid } from "./process-view.js";

/** What a {@link MemoryError} is about. */
export interface MemoryErrorFacts {
  readonly address: Address;
  /** How many bytes were asked for. */
  readonly length: number;
  /** The process, where the reader knows it. */
  readonly pid?: Pid | undefined;
}

const REASONS: Record<ReadFailure, (pid: string) => string> = {
  unmapped: () => "nothing is mapped there",
  exited: (pid) => `${pid} has exited`,
  denied: (pid) => `${pid} may not be read by this user`,
};

/** Memory that had to be read could not be. Thrown by {@link readExactly} and what is built on it. */
export class MemoryError extends Error {
  override readonly name = "MemoryError";
  readonly code: ReadFailure;
  readonly address: Address;
  readonly length: number;
  readonly pid: Pid | undefined;

  constructor(code: ReadFailure, facts: MemoryErrorFacts) {
    const reason = REASONS[code](facts.pid === undefined ? "the process" : `process ${facts.pid}`);
    const bytes = facts.length === 1 ? "1 byte" : `${facts.length} bytes`;
    super(`Cannot read ${bytes} at 0x${facts.address.toString(16)}: ${reason}`);
    this.code = code;
    this.address = facts.address;
    this.length = facts.length;
    this.pid = facts.pid;
  }
}
