import { Int32Column } from "../int32-column.js";
import type { FunctionRecord, NodeId, SampleBatch, ThreadId } from "../sample-batch.js";

/** Any of them has to match. */
export type NamePatterns = RegExp | readonly RegExp[];

/** Something of which functions, frames, stacks and threads are described. */
export type Description = Pick<SampleBatch, "functions" | "frames" | "nodes" | "threads">;

/**
 * Tells whether a sample has a function, a file or a thread's name that matches any of some patterns. They are tried once on each
 * function and each thread, however many samples they have. What is described may grow.
 */
export class PatternMatches {
  readonly #patterns: readonly RegExp[];
  #ofFunction: boolean[] = [];
  #ofFrame: boolean[] = [];
  #ofThread: boolean[] = [];
  #ofNode = new Int32Column();

  constructor(patterns: NamePatterns) {
    // A pattern with the flag `g` or `y` would go on from its last match.
    this.#patterns = [patterns]
      .flat()
      .map(({ source, flags }) => new RegExp(source, flags.replace(/[gy]/g, "")));
  }

  /** Takes in what has been described since the last call. */
  describe({ functions, frames, nodes, threads }: Description): void {
    for (const record of functions) this.#ofFunction.push(matchesFunction(this.#patterns, record));
    for (const index of frames.function) this.#ofFrame.push(this.#ofFunction[index] === true);
    for (const { name } of threads) this.#ofThread.push(matchesAny(this.#patterns, name));
    // Callers have lower numbers than what they call.
    nodes.parent.forEach((parent, index) => {
      const inherits = parent !== -1 && this.#ofNode.at(parent) === 1;
      this.#ofNode.push(inherits || this.#ofFrame[nodes.frame[index] ?? 0] === true ? 1 : 0);
    });
  }

  /** Forgets what was described: numbers start over. */
  reset(): void {
    this.#ofFunction = [];
    this.#ofFrame = [];
    this.#ofThread = [];
    this.#ofNode = new Int32Column();
  }

  has(thread: ThreadId, node: NodeId): boolean {
    return this.#ofThread[thread] === true || (node !== -1 && this.#ofNode.at(node) === 1);
  }
}

function matchesFunction(patterns: readonly RegExp[], { name, qualname, file }: FunctionRecord): boolean {
  return [name, qualname, file].some((text) => matchesAny(patterns, text));
}

function matchesAny(patterns: readonly RegExp[], text: string): boolean {
  return patterns.some((pattern) => pattern.test(text));
}
