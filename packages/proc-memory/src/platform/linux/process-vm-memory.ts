import { constants } from "node:os";
import type { Address, MemoryReader, ReadFailure } from "../../memory-reader.js";
import type { Pid } from "../../process-view.js";
import type { ScatterRead } from "../../scatter-read.js";
import { type Libc, libc } from "./libc.js";

/** Most ranges that one call takes (`UIO_MAXIOV` in the kernel's uio.h). */
export const IOV_MAX = 1024;
const WORDS = 4;

/**
 * Memory of another process through `process_vm_readv`, which does not stop it.
 *
 * Where the call does not exist, or koffi is not to be had, reads are `denied` like those that the kernel refuses.
 *
 * The iovecs are arrays of u32 made once and handed over by their addresses: a read of 64 bytes costs 1.5 µs, marshalled
 * structures would double that, and arrays would add a tenth. Each range has a local iovec of its own, so that gaps for
 * alignment cost nothing to the target's side; 64 ranges take 2 % longer than with a single one.
 */
export class ProcessVmMemory implements MemoryReader {
  readonly pid: Pid;
  failure: ReadFailure | undefined;
  readonly #remote = new Uint32Array(WORDS);
  readonly #local = new Uint32Array(WORDS);
  /** Where these two are in our own memory; 0 as long as it was not asked. */
  #localAddress = 0;
  #remoteAddress = 0;
  #locals = new Uint32Array(0);
  /** Where {@link #locals} and the ranges that they were made of are in our own memory. */
  #localsAddress = 0;
  #rangesAddress = 0;
  #scatter: ScatterRead | undefined;
  #revision = 0;
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
    const base = addressIn(system, target);
    local[0] = base;
    local[1] = base / 2 ** 32;
    local[2] = length;
    remote[0] = address;
    remote[1] = address / 2 ** 32;
    remote[2] = length;
    this.#localAddress ||= addressIn(system, local);
    this.#remoteAddress ||= addressIn(system, remote);
    const count = Number(system.process_vm_readv(this.pid, this.#localAddress, 1, this.#remoteAddress, 1, 0));
    return this.#counted(system, count, length);
  }

  readScatter(scatter: ScatterRead): number {
    this.failure = undefined;
    const system = this.#system();
    let total = 0;
    if (system !== undefined) {
      this.#prepare(system, scatter);
      for (let first = 0; first < scatter.rangeCount; first += IOV_MAX) {
        total += this.#readRanges(system, scatter, first);
        if (this.failure !== undefined) break;
      }
    }
    scatter.setBytesRead(total);
    return total;
  }

  #readRanges(system: Libc, scatter: ScatterRead, first: number): number {
    const count = Math.min(scatter.rangeCount - first, IOV_MAX);
    const skipped = first * WORDS * Uint32Array.BYTES_PER_ELEMENT;
    const to = this.#localsAddress + skipped;
    const from = this.#rangesAddress + skipped;
    const read = Number(system.process_vm_readv(this.pid, to, count, from, count, 0));
    let wanted = scatter.wantedBytes;
    if (count !== scatter.rangeCount) {
      wanted = 0;
      for (let range = first; range < first + count; range++) wanted += scatter.lengthOf(range);
    }
    return this.#counted(system, read, wanted);
  }

  /** Says where the ranges go to, anew when they have changed: a sampler reads the same ones thousands of times. */
  #prepare(system: Libc, scatter: ScatterRead): void {
    if (scatter === this.#scatter && scatter.revision === this.#revision) return;
    if (this.#locals.length < scatter.rangeCount * WORDS)
      this.#locals = new Uint32Array(scatter.ranges.length);
    const locals = this.#locals;
    const base = addressIn(system, scatter.bytes);
    for (let range = 0; range < scatter.rangeCount; range++) {
      const address = base + scatter.offsetOf(range);
      locals[range * WORDS] = address;
      locals[range * WORDS + 1] = address / 2 ** 32;
      locals[range * WORDS + 2] = scatter.lengthOf(range);
    }
    this.#localsAddress = addressIn(system, locals);
    this.#rangesAddress = addressIn(system, scatter.ranges);
    this.#scatter = scatter;
    this.#revision = scatter.revision;
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

function addressIn(system: Libc, memory: NodeJS.TypedArray): Address {
  return Number(system.addressOf(memory));
}

function failureOf(errno: number): ReadFailure {
  const { EPERM, ENOSYS, ESRCH } = constants.errno;
  if (errno === ESRCH) return "exited";
  return errno === EPERM || errno === ENOSYS ? "denied" : "unmapped";
}
