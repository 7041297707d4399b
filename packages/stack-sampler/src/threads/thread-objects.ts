import { ABSENT, decodeInt2, decodeLong, type Layout, longHeader } from "@pyspy/cpython-layouts";
import { type Address, type MemoryReader, ScatterRead } from "@pyspy/proc-memory";
import { monotonicTime } from "../monotonic-time.js";
import { moduleNames, modulesOf } from "../python/module-names.js";
import type { RemoteDicts } from "../python/remote-dict.js";
import { readUpTo } from "../python/remote-text.js";
import { TargetWords } from "../python/target-words.js";

/** Enough of an `int` that is a thread's id. */
const INT_BYTES = 48;
const IDS_AT_A_TIME = 1024;
/** Milliseconds after which `threading` is looked up anew: it may have been imported a second time. */
const LOCATED_FOR = 10_000;
/** Reading takes no more than this share of the time. */
const SHARE = 20;

/**
 * The `threading.Thread` objects of one interpreter by the id of their thread: `sys.modules["threading"]._active`, read
 * as a whole, because a dict of another process cannot be asked for a key without its hash.
 */
export class ThreadObjects {
  readonly #memory: MemoryReader;
  readonly #layout: Layout;
  readonly #words: TargetWords;
  readonly #dicts: RemoteDicts;
  readonly #interpreter: Address;
  #active: Address = 0;
  #located = Number.NEGATIVE_INFINITY;
  /** `len(sys.modules)` when `threading` was not there. */
  #modulesWithout = -1;
  #objects = new Map<number, Address>();
  #nextRead = Number.NEGATIVE_INFINITY;
  #repeatedAt = Number.NEGATIVE_INFINITY;
  /** When the objects were read, in the caller's milliseconds. */
  readAt = Number.NEGATIVE_INFINITY;

  constructor(memory: MemoryReader, layout: Layout, dicts: RemoteDicts, interpreter: Address) {
    this.#memory = memory;
    this.#layout = layout;
    this.#words = new TargetWords(memory, layout.pointerSize);
    this.#dicts = dicts;
    this.#interpreter = interpreter;
  }

  /** The object of a thread, as last read; 0 if it has none. */
  of(pythonId: number): Address {
    return this.#objects.get(pythonId) ?? 0;
  }

  /** Reads all of them, unless that would take too much of the time. */
  refresh(now: number): void {
    if (now < this.#nextRead) return;
    const start = monotonicTime();
    this.readAt = now;
    this.#dicts.forget();
    if (now > this.#located + LOCATED_FOR) this.#active = 0;
    if (this.#active === 0) this.#locate(now);
    const entries = this.#active === 0 ? undefined : this.#dicts.entries(this.#active);
    if (entries === undefined) this.#active = 0;
    const objects = new Map<number, Address>();
    const plan = new ScatterRead(IDS_AT_A_TIME, 0);
    for (let first = 0; entries !== undefined && first < entries.length; ) {
      const chunk = entries.slice(first, first + IDS_AT_A_TIME);
      plan.clear();
      for (const { key } of chunk) plan.add(key, INT_BYTES);
      this.#memory.readScatter(plan);
      for (const [range, { key, value }] of chunk.entries()) {
        const offset = plan.offsetOf(range);
        const isRead = plan.isRead(range);
        const id = this.#decodeId(
          isRead ? plan.bytes.subarray(offset, offset + INT_BYTES) : readUpTo(this.#memory, key, INT_BYTES),
        );
        if (id !== undefined) objects.set(id, value);
        first += 1;
        if (!isRead) break;
      }
    }
    this.#objects = objects;
    this.#nextRead = now + (monotonicTime() - start) * SHARE;
  }

  /** Reads them once more at a moment at which they were read. */
  refreshAgain(now: number): void {
    if (this.#repeatedAt === now) return;
    this.#repeatedAt = now;
    this.#nextRead = now;
    this.refresh(now);
  }

  #locate(now: number): void {
    const modules = modulesOf(this.#words, this.#layout, this.#interpreter);
    const used = modules === 0 ? 0 : this.#dicts.sizeOf(modules);
    if (used === 0 || used === this.#modulesWithout) return;
    const names = moduleNames(this.#words, this.#dicts, this.#layout, modules, "threading");
    this.#modulesWithout = names === undefined ? used : -1;
    const active = names === undefined ? undefined : this.#dicts.item(names, "_active");
    if (active === undefined) return;
    this.#active = active;
    this.#located = now;
  }

  #decodeId(object: Uint8Array): number | undefined {
    const layout = this.#layout;
    if (layout.int.ob_ival !== ABSENT) return numberOf(decodeInt2(layout, object));
    const header = longHeader(layout, object);
    const data = header && object.subarray(header.dataOffset, header.dataOffset + header.byteLength);
    return header && data && numberOf(decodeLong(layout, header, data));
  }
}

/** The id of a thread is an address, or on some systems a number of 32 bits. */
function numberOf(id: bigint | undefined): number | undefined {
  return id === undefined ? undefined : Number(id);
}
