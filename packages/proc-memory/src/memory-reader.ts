/**
 * Reading memory that is not ours.
 *
 * The target runs while we look: pages vanish, processes exit. So a read that comes back short is
 * normal and is told as a number, never hidden and never an exception; {@link readExactly} is for
 * callers that cannot go on without the bytes.
 */

/** An address in the target's virtual memory. User-space addresses fit in 2^53 on every supported platform. */
export type Address = number;

/** Why the last read came back short. */
export type ReadFailure = "unmapped" | "exited" | "denied";

/** Memory of one process, live or in a core file. */
export interface MemoryReader {
  /**
   * Reads `target.length` bytes at `address` into `target`.
   * Returns how many bytes were read, counted from the start; fewer than asked (0 included) means
   * that {@link failure} says why.
   */
  readInto(address: Address, target: Uint8Array): number;

  /**
   * Reads every range of `scatter` into its buffer, in order, with as few system calls as the platform
   * allows (one `process_vm_readv` on Linux). Returns how many bytes were read in all; reading stops at
   * the first byte that is not readable, and what came before it is valid.
   */
  readScatter(scatter: ScatterRead): number;

  /** Why the last read came back short; undefined after a complete one. */
  readonly failure: ReadFailure | undefined;
}
