import { type Address, type MemoryReader, ScatterRead } from "@pyspy/proc-memory";
import type { IdentityPart } from "./code-object.js";

/** What is watched. */
export interface Watched {
  readonly identity: readonly IdentityPart[];
  isWatched: boolean;
  /** The read after which it was watched: from the next one on it is known to be what it was. */
  since: number;
  /** The read of which it was last used. */
  lastUsed: number;
}

/** A number that every interpreter keeps and changes before a code object can be where another one was. */
export interface CodeCount {
  /** From the start of the interpreter. */
  readonly offset: number;
  readonly length: 4 | 8;
  /** At 0 it does not change any more. */
  readonly endsAtZero: boolean;
}

/** How often it is chosen anew what is worth watching, in reads, and how long it is seen what is used. */
const READS_BETWEEN_CHOICES = 4096;
const READS_OF_A_CHOICE = 64;

/** When the interpreters' counts have not changed for so many reads, they are enough to know that no code object has. */
const CALM_READS = 512;

/**
 * Has every read of stacks bring what tells one code object from another, after the stacks: what is then the same as ever
 * was the same while the stacks were read.
 *
 * From 3.13 on interpreters count: 3.13 the code objects that are made, later ones those that die. Where that is seldom, only
 * the counts are read, which takes a fifth off a sample of 20 frames.
 */
export class CodeWatch<Entry extends Watched> {
  /** Counts the reads. */
  read = 0;
  /** Another number whenever something else is to be read. */
  revision = 0;
  #entries: Entry[] = [];
  readonly #count: CodeCount | undefined;
  /** The interpreters, and the low and the high word of each one's count at the last read. */
  #interpreters: readonly Address[] = [];
  #countWords = new Uint32Array(0);
  /** The read that first brought these counts. */
  #calmSince = 0;
  #isCalm = false;
  #firstRange = 0;
  #isRead = false;
  #choice = READS_BETWEEN_CHOICES;
  readonly #single = new ScatterRead(4, 256);

  constructor(count: CodeCount | undefined) {
    this.#count = count;
  }

  add(entry: Entry): void {
    entry.isWatched = true;
    entry.since = this.read;
    this.#entries.push(entry);
    this.revision += 1;
  }

  plan(plan: ScatterRead, interpreters: readonly { readonly address: Address }[]): void {
    this.#firstRange = plan.rangeCount;
    if (this.#count !== undefined) {
      if (!isSameList(interpreters, this.#interpreters)) this.#begin(interpreters);
      const { offset, length } = this.#count;
      // A code object that is the same after its count was read stays so until the count changes.
      for (const address of this.#interpreters) plan.add(address + offset, length);
    }
    if (this.#isCalm) return;
    for (const { identity } of this.#entries) {
      for (const { address, words } of identity) plan.add(address, words.length * 4);
    }
  }

  /** Looks at what a read brought. Calls `changed` with each entry that is not what it was; true if there was one. */
  check(plan: ScatterRead, changed: (entry: Entry) => void): boolean {
    this.read += 1;
    const { completeRanges } = plan;
    this.#isRead = completeRanges === plan.rangeCount;
    if (completeRanges < this.#firstRange + this.#interpreters.length) return false;
    const wasCalm = this.#isCalm;
    const isSettled = this.#hasSettled(plan);
    if (wasCalm) {
      if (!isSettled) this.#isRead = false;
      return !isSettled;
    }
    const before = this.#entries.length;
    let range = this.#firstRange + this.#interpreters.length;
    let kept = 0;
    for (let index = 0; index < before; index++) {
      const entry = this.#entries[index] as Entry;
      const end = range + entry.identity.length;
      // A read ends where it meets the first page that is gone: nothing is known of what comes after.
      if (range > completeRanges || (end <= completeRanges && isSame(entry, plan, range)))
        this.#entries[kept++] = entry;
      else {
        entry.isWatched = false;
        changed(entry);
      }
      range = end;
    }
    if (kept === before) return false;
    this.#entries.length = kept;
    this.revision += 1;
    return true;
  }

  /** Whether the counts are what they were at the last read. */
  #hasSettled(plan: ScatterRead): boolean {
    const count = this.#count;
    const words = this.#countWords;
    if (count === undefined || words.length === 0) return false;
    let isSame = true;
    for (let index = 0; index < words.length; index += 2) {
      const at = plan.offsetOf(this.#firstRange + index / 2) / 4;
      const low = plan.u32[at] as number;
      const high = count.length === 8 ? (plan.u32[at + 1] as number) : 0;
      if (words[index] !== low || words[index + 1] !== high) isSame = false;
      if (count.endsAtZero && low === 0) isSame = false;
      words[index] = low;
      words[index + 1] = high;
    }
    if (!isSame) this.#stir();
    else if (!this.#isCalm && this.read - this.#calmSince >= CALM_READS) {
      this.#isCalm = true;
      this.revision += 1;
    }
    return isSame;
  }

  /** Begins with counts of which nothing is known. */
  #begin(interpreters: readonly { readonly address: Address }[]): void {
    this.#interpreters = interpreters.map(({ address }) => address);
    this.#countWords = new Uint32Array(2 * interpreters.length);
    this.#stir();
  }

  /** Has every code object looked at again. */
  #stir(): void {
    if (this.#isCalm) this.revision += 1;
    this.#isCalm = false;
    this.#calmSince = this.read;
  }

  clear(): void {
    this.#entries = [];
    this.revision += 1;
  }

  /** Whether an entry is known to have been the same during the last read. */
  holds(entry: Entry): boolean {
    return this.#isRead && entry.isWatched && entry.since < this.read;
  }

  /** Whether what an entry was made of is still the same now, read on its own. */
  isUnchanged(entry: Entry, memory: MemoryReader): boolean {
    const plan = this.#single;
    plan.clear();
    for (const { address, words } of entry.identity) plan.add(address, words.length * 4);
    memory.readScatter(plan);
    return plan.completeRanges === plan.rangeCount && isSame(entry, plan, 0);
  }

  /** True from time to time: what is used has to be used again now, so that the rest can be let go. */
  chooses(): boolean {
    if (this.read < this.#choice) return false;
    if (this.read === this.#choice) return true;
    if (this.read < this.#choice + READS_OF_A_CHOICE) return false;
    const oldest = this.#choice;
    const isUsed = ({ lastUsed }: Entry): boolean => lastUsed >= oldest;
    for (const entry of this.#entries) if (!isUsed(entry)) entry.isWatched = false;
    this.#entries = this.#entries.filter(isUsed);
    this.#choice = this.read + READS_BETWEEN_CHOICES;
    this.revision += 1;
    return false;
  }
}

function isSameList(one: readonly { readonly address: Address }[], other: readonly Address[]): boolean {
  return one.length === other.length && one.every(({ address }, index) => address === other[index]);
}

function isSame({ identity }: Watched, plan: ScatterRead, firstRange: number): boolean {
  const { u32 } = plan;
  for (let part = 0; part < identity.length; part++) {
    const { words } = identity[part] as IdentityPart;
    const start = plan.offsetOf(firstRange + part) / 4;
    for (let index = 0; index < words.length; index++) {
      if (u32[start + index] !== words[index]) return false;
    }
    if (words.length === 0) return false;
  }
  return true;
}
