import type { Address, MemoryMap, ProcessView, ScatterRead } from "@pyspy/proc-memory";

/** Programs that are linked to fixed addresses are below, and all that is put anywhere is above. */
const FIXED_IMAGES_END = 2 ** 32;
/**
 * Where stacks end whose addresses are not random: a page below the end of what programs can have.
 * Source: Linux, `STACK_TOP` in arch/x86/include/asm/processor.h.
 */
const FIXED_STACK_END = 2 ** 47 - 4096;

/** More of a path does not matter. */
const LONGEST_MARK = 64;

/**
 * Tells whether a process still executes the program that it did. After an `execve` an address of the old program may well be
 * mapped: in programs at fixed addresses the new one's variables are where the old one's were, and mean something else.
 *
 * The mark is what the kernel puts at the end of the stack: the path of the program and eight bytes of zeros. Nothing writes
 * there; a program that changes its title stops below. Where all addresses are random there is none, because it is needless: what
 * is read of the old program is not mapped in the new one.
 * Source: Linux, `bprm_execve` in fs/exec.c and `setup_arg_pages`.
 */
export class ExecutionMark {
  readonly #address: Address = 0;
  readonly #bytes: Uint8Array = new Uint8Array(0);
  #range = 0;

  /**
   * @param variables - the address of Python's own, by which they are read
   * @param maps - those of the program that is to be known again
   */
  constructor(process: ProcessView, variables: Address, maps: readonly MemoryMap[] = process.maps()) {
    const end = maps.find(({ path }) => path === "[stack]")?.end;
    if (end !== undefined && end !== FIXED_STACK_END && variables >= FIXED_IMAGES_END) return;
    const bytes = new Uint8Array(LONGEST_MARK);
    // A system that shows no stack has no mark.
    if (end === undefined || process.memory.readInto(end - LONGEST_MARK, bytes) < LONGEST_MARK) return;
    const length = LONGEST_MARK - pathStart(bytes);
    this.#bytes = bytes.subarray(-length);
    this.#address = end - length;
  }

  /** Adds what {@link holds} looks at. As the first range it saves reading the others of a program that is gone. */
  plan(plan: ScatterRead): void {
    this.#range = plan.rangeCount;
    if (this.#bytes.length > 0) plan.add(this.#address, this.#bytes.length);
  }

  /** Whether the mark was read, and is what it was. */
  holds(plan: ScatterRead): boolean {
    if (this.#bytes.length === 0) return true;
    if (!plan.isRead(this.#range)) return false;
    const offset = plan.offsetOf(this.#range);
    for (let at = 0; at < this.#bytes.length; at++) {
      if (plan.bytes[offset + at] !== this.#bytes[at]) return false;
    }
    return true;
  }
}

/** Where the last text before the zeros begins. */
function pathStart(bytes: Uint8Array): number {
  let at = bytes.length;
  while (at > 0 && bytes[at - 1] === 0) at--;
  while (at > 0 && bytes[at - 1] !== 0) at--;
  return at;
}
