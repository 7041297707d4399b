import type { Address } from "./memory-reader.js";

/** One mapping of a process (a line of /proc/PID/maps). */
export interface MemoryMap {
  readonly start: Address;
  readonly end: Address;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  readonly shared: boolean;
  /** Offset of `start` in the file, bytes. */
  readonly offset: number;
  /** Device of the file as "major:minor" in hexadecimal, as the kernel writes it; "00:00" for none. */
  readonly device: string;
  /** Inode of the file; 0 for none. */
  readonly inode: number;
  /** Path as the kernel says it, without the " (deleted)" mark; "[heap]" and the like for special ones; "" for anonymous. */
  readonly path: string;
  /** The file has no name any more. */
  readonly deleted: boolean;
}
