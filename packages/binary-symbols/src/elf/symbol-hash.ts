import { type ByteSource, readExactly } from "../byte-source.js";
import { ParseError } from "../parse-error.js";
import type { ElfClass } from "./structures.js";

/** An index of a dynamic symbol table by name. */
export interface SymbolHash {
  /** Indices of the symbols that may have this (encoded, zero-terminated) name. */
  candidates(encoded: Uint8Array): Iterable<number>;
  /** How many symbols the table has (with `.gnu.hash`: at least those that are defined). */
  symbolCount(): number;
}

// Chains of real tables have a handful of members; a table that needs more is a loop or noise.
const LONGEST_CHAIN = 4096;

/** `DT_GNU_HASH`. Source: binutils' bfd/elflink.c and glibc's elf/dl-lookup.c; there is no written standard. */
export function gnuHash(table: ByteSource, elfClass: ElfClass): SymbolHash {
  const part = ".gnu.hash";
  const header = readExactly(table, 0, 16, part);
  const bucketCount = header.getUint32(0, true);
  const firstSymbol = header.getUint32(4, true);
  const bloomWords = header.getUint32(8, true);
  const bloomShift = header.getUint32(12, true);
  const bucketsAt = 16 + bloomWords * elfClass.pointerSize;
  const chainsAt = bucketsAt + bucketCount * 4;
  const chainAt = (symbol: number) => chainsAt + (symbol - firstSymbol) * 4;

  const mayHold = (hash: number): boolean => {
    if (bloomWords === 0) return true;
    const wordBits = elfClass.pointerSize * 8;
    const word = Math.floor(hash / wordBits) % bloomWords;
    const bits = readExactly(table, 16 + word * elfClass.pointerSize, elfClass.pointerSize, part);
    // A shift by 32 or more gives 0 in C as it is written here, but JavaScript takes it modulo 32.
    const second = bloomShift < 32 ? hash >>> bloomShift : 0;
    return [hash % wordBits, second % wordBits].every(
      (bit) => ((bits.getUint32((bit >>> 5) << 2, true) >>> (bit & 31)) & 1) === 1,
    );
  };

  return {
    *candidates(encoded) {
      const hash = gnuHashOf(encoded);
      if (bucketCount === 0 || !mayHold(hash)) return;
      const first = readExactly(table, bucketsAt + (hash % bucketCount) * 4, 4, part).getUint32(0, true);
      if (first < firstSymbol) return;
      for (let step = 0; step < LONGEST_CHAIN; step++) {
        const entry = readExactly(table, chainAt(first + step), 4, part).getUint32(0, true);
        // The lowest bit of an entry marks the end of the chain and is not part of the hash.
        if ((entry ^ hash) >>> 1 === 0) yield first + step;
        if (entry & 1) return;
      }
      throw new ParseError("malformed", "a hash chain does not end", { part });
    },
    symbolCount() {
      const buckets = readExactly(table, bucketsAt, bucketCount * 4, part);
      let last = 0;
      for (let at = 0; at < buckets.byteLength; at += 4) last = Math.max(last, buckets.getUint32(at, true));
      if (last < firstSymbol) return firstSymbol;
      for (let step = 0; step < LONGEST_CHAIN; step++) {
        if (readExactly(table, chainAt(last + step), 4, part).getUint32(0, true) & 1) return last + step + 1;
      }
      throw new ParseError("malformed", "a hash chain does not end", { part });
    },
  };
}

/** `DT_HASH`. Source: System V gABI 4.1, "Hash Table". */
export function sysvHash(table: ByteSource): SymbolHash {
  const part = ".hash";
  const header = readExactly(table, 0, 8, part);
  const bucketCount = header.getUint32(0, true);
  const symbolCount = header.getUint32(4, true);
  const bucketsAt = 8;
  const chainsAt = bucketsAt + bucketCount * 4;

  return {
    *candidates(encoded) {
      if (bucketCount === 0) return;
      let at = bucketsAt + (sysvHashOf(encoded) % bucketCount) * 4;
      for (let step = 0; step < LONGEST_CHAIN; step++) {
        const symbol = readExactly(table, at, 4, part).getUint32(0, true);
        if (symbol === 0) return;
        yield symbol;
        at = chainsAt + symbol * 4;
      }
      throw new ParseError("malformed", "a hash chain does not end", { part });
    },
    symbolCount: () => symbolCount,
  };
}

function gnuHashOf(encoded: Uint8Array): number {
  let hash = 5381;
  for (let at = 0; at < encoded.length - 1; at++) hash = (Math.imul(hash, 33) + (encoded[at] ?? 0)) >>> 0;
  return hash;
}

function sysvHashOf(encoded: Uint8Array): number {
  let hash = 0;
  for (let at = 0; at < encoded.length - 1; at++) {
    hash = ((hash << 4) + (encoded[at] ?? 0)) >>> 0;
    const high = hash & 0xf0000000;
    hash = (hash ^ (high >>> 24)) & ~high;
  }
  return hash >>> 0;
}
