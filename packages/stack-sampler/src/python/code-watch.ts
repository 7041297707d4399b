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

const GENERATION_BYTES = 8;
/** How often it is chosen anew what is worth watching, in reads, and how long it is seen what is used. */
const READS_BETWEEN_CHOICES = 4096;
const READS_OF_A_CHOICE = 64;

/** When no code object has died for so many reads, their interpreters' generations are enough to know that none has. */
const CALM_READS = 512;

/**
 * Has every read of stacks bring what tells one code object from another, after the stacks: what is then the same as ever
 * was the same while the stacks were read.
 *
 * From 3.14 on an interpreter counts the code objects that have died. Where they seldom do, only the counts are read.
 */
export class CodeWatch<Entry extends Watched> {
  /** Counts the reads. */
  read = 0;
  /** Another number whenever something else is to be read. */
  revision = 0;
  #entries: Entry[] = [];
  /** Where the counts are, and what they were at the last read, as words. */
  #generations: readonly Address[] = [];
  #generationWords = new Uint32Array(0);
  /** The read that first brought these counts. */
  #calmSince = 0;
  #isCalm = false;
  #firstRange = 0;
  #isRead = false;
  #choice = READS_BETWEEN_CHOICES;
  readonly #single = new ScatterRead(4, 256);

  add(entry: Entry): void {
    entry.isWatched = true;
    entry.since = this.read;
    this.#entries.push(entry);
    this.revision += 1;
  }

  /** @param generations - addresses of the interpreters' counts of code objects that have died, 8 bytes each */
  plan(plan: ScatterRead, generations: readonly Address[]): void {
    this.#firstRange = plan.rangeCount;
    if (!isSameList(generations, this.#generations)) this.#stir(generations);
    // A code object that is the same after its count was read stays so until the count changes.
    for (const address of generations) plan.add(address, GENERATION_BYTES);
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
    if (completeRanges < this.#firstRange + this.#generations.length) return false;
    const wasCalm = this.#isCalm;
    const isSettled = this.#hasSettled(plan);
    if (wasCalm) {
      if (!isSettled) this.#isRead = false;
      return !isSettled;
    }
    const before = this.#entries.length;
    let range = this.#firstRange + this.#generations.length;
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

  /** Whether no code object has died since the last read, as far as that is counted. */
  #hasSettled(plan: ScatterRead): boolean {
    const words = this.#generationWords;
    if (words.length === 0) return false;
    const start = plan.offsetOf(this.#firstRange) / 4;
    let isSame = true;
    for (let index = 0; index < words.length; index++) {
      const word = plan.u32[start + index] as number;
      if (words[index] !== word) isSame = false;
      words[index] = word;
    }
    if (!isSame) this.#stir(this.#generations);
    else if (!this.#isCalm && this.read - this.#calmSince >= CALM_READS) {
      this.#isCalm = true;
      this.revision += 1;
    }
    return isSame;
  }

  #stir(generations: readonly Address[]): void {
    if (generations !== this.#generations) {
      this.#generations = [...generations];
      this.#generationWords = new Uint32Array((generations.length * GENERATION_BYTES) / 4);
    }
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

function isSameList(one: readonly Address[], other: readonly Address[]): boolean {
  return one.length === other.length && one.every((address, index) => address === other[index]);
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
