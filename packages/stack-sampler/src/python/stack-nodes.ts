import type { BatchBuilder } from "../intern/batch-builder.js";
import { ROOT } from "../intern/stack-trie.js";
import type { NodeId } from "../sample-batch.js";
import { type CodeCache, HIDDEN } from "./code-cache.js";
import type { KnownStack } from "./known-stack.js";
import type { StackSnapshot } from "./stack-snapshot.js";

/** Of a deeper stack the innermost frames are kept, so many of them. */
const MOST_FRAMES = 50_000;

/** Gives walked stacks their nodes; a frame that is as it was in the thread's last stack has the node that it had. */
export class StackNodes {
  readonly #builder: BatchBuilder;
  readonly #codes: CodeCache;
  readonly #snapshot: StackSnapshot;

  constructor(builder: BatchBuilder, codes: CodeCache, snapshot: StackSnapshot) {
    this.#builder = builder;
    this.#codes = codes;
    this.#snapshot = snapshot;
  }

  /** The node of the walked stack, which becomes the thread's `known` one. */
  intern(known: KnownStack): NodeId {
    const { addresses, codes, instructions, depth, keptDepth } = this.#snapshot;
    const total = keptDepth + depth;
    const omitted = Math.max(0, total - MOST_FRAMES);
    if (omitted !== known.omitted) return this.#internAnew(known, omitted);
    let node = keptDepth === 0 ? ROOT : (known.nodes[keptDepth - 1] as NodeId);
    for (let position = keptDepth; position < total; position++) {
      const index = total - 1 - position;
      const address = addresses[index] as number;
      const code = codes[index] as number;
      const instruction = instructions[index] as number;
      if (known.isAt(position, address, code, instruction)) node = known.nodes[position] as NodeId;
      else {
        // From here on nothing is as it was.
        known.depth = position;
        node = this.#nodeIn(node, code, instruction, position, omitted);
        known.set(position, address, code, instruction, node);
      }
    }
    known.depth = total;
    return node;
  }

  /** The same, where no node is as it was: another number of outer frames is left out. */
  #internAnew(known: KnownStack, omitted: number): NodeId {
    const { addresses, codes, instructions, depth, keptDepth } = this.#snapshot;
    known.omitted = omitted;
    known.depth = keptDepth + depth;
    let node = ROOT;
    for (let position = 0; position < known.depth; position++) {
      const index = known.depth - 1 - position;
      if (index < depth) {
        const address = addresses[index] as number;
        known.set(position, address, codes[index] as number, instructions[index] as number, ROOT);
      }
      const code = known.codes[position] as number;
      node = this.#nodeIn(node, code, known.instructions[position] as number, position, omitted);
      known.nodes[position] = node;
    }
    return node;
  }

  #nodeIn(parent: NodeId, code: number, instruction: number, position: number, omitted: number): NodeId {
    if (position < omitted) return position === omitted - 1 ? this.#omission(omitted) : ROOT;
    const frame = code === 0 ? HIDDEN : this.#codes.frame(code, instruction);
    return frame === HIDDEN ? parent : this.#builder.node(parent, frame);
  }

  /** What is shown in place of the outermost frames of a stack that is too deep to be shown whole. */
  #omission(count: number): NodeId {
    return this.#builder.node(ROOT, this.#builder.namedFrame(`<${count} frames omitted>`, "other"));
  }
}
