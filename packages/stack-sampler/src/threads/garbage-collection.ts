import { ABSENT, type Layout } from "@pyspy/cpython-layouts";
import type { Address, MemoryReader, ScatterRead } from "@pyspy/proc-memory";
import type { PythonRuntime } from "../python/python-runtime.js";
import { TargetWords } from "../python/target-words.js";

/** The frame of a collection whose frame is not told. */
export const UNKNOWN_FRAME: Address = 0;

/**
 * Tells whether an interpreter collects garbage. From 3.15 on it says under which frame of which thread: the one that has that frame in
 * its stack. Before, it is most likely the thread that holds the GIL; not so while a finalizer, which a collection may
 * call, has let another thread run.
 *
 * Up to 3.6 it is a variable of the binary, which a stripped one does not name.
 */
export class GarbageCollection {
  readonly #runtime: PythonRuntime;
  readonly #layout: Layout;
  readonly #words: TargetWords;

  constructor(memory: MemoryReader, runtime: PythonRuntime) {
    this.#runtime = runtime;
    this.#layout = runtime.layout;
    this.#words = new TargetWords(memory, runtime.layout.pointerSize);
  }

  /** Whether it can be told at all. */
  get isKnown(): boolean {
    return this.#runtime.collecting !== 0 || this.#layout.interpreter.gc_collecting !== ABSENT;
  }

  /** Adds the words that tell it of an interpreter, if it {@link isKnown}, and returns where in the buffer they will be. */
  plan(plan: ScatterRead, interpreter: Address): number {
    const { gc_collecting, gc_frame } = this.#layout.interpreter;
    if (this.#runtime.collecting !== 0) return plan.add(this.#runtime.collecting, 4);
    const end = gc_frame === ABSENT ? gc_collecting + 4 : gc_frame + this.#layout.pointerSize;
    return plan.addNear(interpreter + gc_collecting, end - gc_collecting);
  }

  /**
   * The frame that the collection runs under, {@link UNKNOWN_FRAME} if only that there is one is known; undefined if no
   * garbage is being collected.
   *
   * @param offset - what {@link plan} returned
   */
  frame(plan: ScatterRead, offset: number): Address | undefined {
    const { gc_collecting, gc_frame } = this.#layout.interpreter;
    if (plan.view.getInt32(offset, true) === 0) return undefined;
    if (gc_frame === ABSENT) return UNKNOWN_FRAME;
    return this.#words.at(plan.view, offset + gc_frame - gc_collecting);
  }
}
