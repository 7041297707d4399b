import { closeSync, openSync, readSync } from "node:fs";
import { type Address, type MemoryReader, type ReadFailure, readRangeByRange } from "../../memory-reader.js";
import type { Pid } from "../../process-view.js";
import type { ScatterRead } from "../../scatter-read.js";
import { isDenied, isGone } from "./system-error.js";

/**
 * Memory of another process through /proc/PID/mem: it needs nothing but the file system and takes a third longer
 * than `process_vm_readv`, which containers and hardened systems may refuse.
 */
export class MemFileMemory implements MemoryReader {
  readonly pid: Pid;
  failure: ReadFailure | undefined;
  #file: number | undefined;

  constructor(pid: Pid) {
    this.pid = pid;
  }

  readInto(address: Address, target: Uint8Array): number {
    this.failure = undefined;
    if (target.length === 0) return 0;
    if (!(address >= 0 && address + target.length <= Number.MAX_SAFE_INTEGER)) {
      this.failure = "unmapped";
      return 0;
    }
    try {
      const count = this.#read(address, target);
      if (count < target.length) this.failure = count === 0 ? "exited" : "unmapped";
      return count;
    } catch (error) {
      this.failure = isGone(error) ? "exited" : isDenied(error) ? "denied" : "unmapped";
      return 0;
    }
  }

  readScatter(scatter: ScatterRead): number {
    this.failure = undefined;
    return readRangeByRange(this, scatter);
  }

  /** Whether the kernel lets us open the file, which is when it asks who we are. */
  isPermitted(): boolean {
    try {
      this.#file ??= openSync(`/proc/${this.pid}/mem`, "r");
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #read(address: Address, target: Uint8Array): number {
    if (this.#file !== undefined) {
      const count = readSync(this.#file, target, 0, target.length, address);
      if (count > 0) return count;
      // An open file stays with the memory that the process had: after `execve` it is at its end.
      this.close();
    }
    this.#file = openSync(`/proc/${this.pid}/mem`, "r");
    return readSync(this.#file, target, 0, target.length, address);
  }
}
