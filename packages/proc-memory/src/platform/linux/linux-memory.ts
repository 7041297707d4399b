import type { Address, MemoryReader, ReadCosts, ReadFailure } from "../../memory-reader.js";
import type { Pid } from "../../process-view.js";
import type { ScatterRead } from "../../scatter-read.js";
import { MemFileMemory } from "./mem-file-memory.js";
import { IOV_MAX, ProcessVmMemory } from "./process-vm-memory.js";

/** Memory of a process by `process_vm_readv`, and by /proc/PID/mem from the first read on that only the latter may do. */
export class LinuxMemory implements MemoryReader {
  readonly pid: Pid;
  readonly costs: ReadCosts = { calls: 0, bytes: 0 };
  readonly #file: MemFileMemory;
  #reader: MemoryReader;

  constructor(pid: Pid, first: MemoryReader = new ProcessVmMemory(pid)) {
    this.pid = pid;
    this.#reader = first;
    this.#file = new MemFileMemory(pid);
  }

  get failure(): ReadFailure | undefined {
    return this.#reader.failure;
  }

  readInto(address: Address, target: Uint8Array): number {
    const first = this.#reader.readInto(address, target);
    const count = this.#wasRefused() ? this.#reader.readInto(address, target) : first;
    this.costs.calls += 1;
    this.costs.bytes += count;
    return count;
  }

  readScatter(scatter: ScatterRead): number {
    const first = this.#reader.readScatter(scatter);
    const count = this.#wasRefused() ? this.#reader.readScatter(scatter) : first;
    this.costs.calls +=
      this.#reader === this.#file ? scatter.rangeCount : Math.ceil(scatter.rangeCount / IOV_MAX);
    this.costs.bytes += count;
    return count;
  }

  close(): void {
    this.#file.close();
  }

  /** Whether the last read was refused and the file may be read instead, as it is from now on. */
  #wasRefused(): boolean {
    if (this.#reader.failure !== "denied" || this.#reader === this.#file) return false;
    if (!this.#file.isPermitted()) return false;
    this.#reader = this.#file;
    return true;
  }
}
