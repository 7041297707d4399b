import type { Address, MemoryReader, ReadCosts, ReadFailure } from "../../memory-reader.js";
import type { Pid, Tid } from "../../process-view.js";
import type { ScatterRead } from "../../scatter-read.js";
import { livingThread } from "./living-thread.js";
import { MemFileMemory } from "./mem-file-memory.js";
import { IOV_MAX, ProcessVmMemory } from "./process-vm-memory.js";

/** Memory of a process by `process_vm_readv`, and by /proc/PID/mem from the first read on that only the latter may do. */
export class LinuxMemory implements MemoryReader {
  readonly pid: Pid;
  readonly costs: ReadCosts = { calls: 0, bytes: 0 };
  /** The thread by whose id the memory is read: any will do, while it lives. */
  #tid: Tid;
  #file: MemFileMemory;
  #reader: MemoryReader;

  constructor(pid: Pid, first?: MemoryReader, tid: Tid = pid) {
    this.pid = pid;
    this.#tid = tid;
    this.#reader = first ?? new ProcessVmMemory(tid);
    this.#file = new MemFileMemory(tid);
  }

  get failure(): ReadFailure | undefined {
    return this.#reader.failure;
  }

  readInto(address: Address, target: Uint8Array): number {
    const first = this.#reader.readInto(address, target);
    const count = this.#hasOtherWay() ? this.#reader.readInto(address, target) : first;
    this.costs.calls += 1;
    this.costs.bytes += count;
    return count;
  }

  readScatter(scatter: ScatterRead): number {
    const first = this.#reader.readScatter(scatter);
    const count = this.#hasOtherWay() ? this.#reader.readScatter(scatter) : first;
    this.costs.calls +=
      this.#reader === this.#file ? scatter.rangeCount : Math.ceil(scatter.rangeCount / IOV_MAX);
    this.costs.bytes += count;
    return count;
  }

  close(): void {
    this.#file.close();
  }

  /** Whether the last read failed, but there is another way, which is taken from now on. */
  #hasOtherWay(): boolean {
    if (this.#reader.failure === "exited") return this.#hasOtherThread();
    if (this.#reader.failure !== "denied" || this.#reader === this.#file) return false;
    if (!this.#file.isPermitted()) return false;
    this.#reader = this.#file;
    return true;
  }

  /** Whether the thread has ended and others go on. */
  #hasOtherThread(): boolean {
    const tid = livingThread(this.pid);
    if (tid === undefined || tid === this.#tid) return false;
    const wasFile = this.#reader === this.#file;
    this.#file.close();
    this.#tid = tid;
    this.#file = new MemFileMemory(tid);
    this.#reader = wasFile ? this.#file : new ProcessVmMemory(tid);
    return true;
  }
}
