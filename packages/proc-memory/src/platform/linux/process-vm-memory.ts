import { constants } from "node:os";
import type { Address, MemoryReader, ReadFailure } from "../../memory-reader.js";
import type { Pid } from "../../process-view.js";
import type { ScatterRead } from "../../scatter-read.js";
import { type Libc, libc } from "./libc.js";

/** Most ranges that one call takes (`UIO_MAXIOV` in the kernel's uio.h). */
const IOV_MAX = 1024;
const WORDS = 4;

/**
 * Memory of another process through `process_vm_readv`, which does not stop it.
 *
 * Where the call does not exist, or koffi is not to be had, reads are `denied` like those that the kernel refuses.
 *
 * The iovecs are arrays of u32 made once: a read of 64 bytes costs 1.5 µs, marshalled structures would double that. Each range has a local iovec of its own, so that gaps for alignment cost nothing to the
 * target's side; 64 ranges take 2 % longer than with a single one.
 */
export class ProcessVmMemory implements MemoryReader {
  readonly pid: Pid;
  failure: ReadFailure | undefined;
  readonly #remote = new Uint32Array(WORDS);
  #local = new Uint32Array(WORDS);
  #libc: Libc | undefined;

  constructor(pid: Pid) {
    this.pid = pid;
  }

  readInto(address: Address, target: Uint8Array): number {
    const length = target.length;
    this.failure = undefined;
    if (length === 0) return 0;
    const system = this.#system();
    if (system === undefined) return 0;
    if (!(address >= 0 && address + length <= Number.MAX_SAFE_INTEGER)) {
      this.failure = "unmapped";
      return 0;
    }
    const local = this.#local;
    const remote = this.#remote;
    const base = Number(system.addressOf(target));
    local[0] = base;
    local[1] = base / 2 ** 32;
    local[2] = length;
    remote[0] = address;
    remote[1] = address / 2 ** 32;
    remote[2] = length;
    const count = Number(system.process_vm_readv(this.pid, local, 1, remote, 1, 0));
    return this.#counted(system, count, length);
  }

  readScatter(scatter: ScatterRead): number {
    this.failure = undefined;
    const system = this.#system();
    let total = 0;
    if (system !== undefined) {
      const base = Number(system.addressOf(scatter.bytes));
      for (let first = 0; first < scatter.rangeCount; first += IOV_MAX) {
        total += this.#readRanges(system, scatter, base, first);
        if (this.failure !== undefined) break;
      }
    }
    scatter.setBytesRead(total);
    return total;
  }

  #readRanges(system: Libc, scatter: ScatterRead, base: Address, first: number): number {
    const count = Math.min(scatter.rangeCount - first, IOV_MAX);
    if (this.#local.length < count * WORDS) this.#local = new Uint32Array(scatter.ranges.length);
    const local = this.#local;
    let wanted = 0;
    for (let index = 0; index < count; index++) {
      const address = base + scatter.offsetOf(first + index);
      const length = scatter.lengthOf(first + index);
      local[index * WORDS] = address;
      local[index * WORDS + 1] = address / 2 ** 32;
      local[index * WORDS + 2] = length;
      wanted += length;
    }
    const ranges = first === 0 ? scatter.ranges : scatter.ranges.subarray(first * WORDS);
    const read = Number(system.process_vm_readv(this.pid, local, count, ranges, count, 0));
    return this.#counted(system, read, wanted);
  }

  #counted(system: Libc, count: number, wanted: number): number {
    if (count === wanted) return count;
    this.failure = count < 0 ? failureOf(system.errno()) : "unmapped";
    return Math.max(count, 0);
  }

  #system(): Libc | undefined {
    try {
      this.#libc ??= libc();
    } catch {
      this.failure = "denied";
    }
    return this.#libc;
  }
}

function failureOf(errno: number): ReadFailure {
  const { EPERM, ENOSYS, ESRCH } = constants.errno;
  if (errno === ESRCH) return "exited";
  return errno === EPERM || errno === ENOSYS ? "denied" : "unmapped";
}
