import { PairTable } from "./pair-table.js";
import { printable, printableName } from "./printable-text.js";
import type { Profile } from "./profile.js";
import type { FunctionRecord, NodeId } from "./sample-batch.js";
import { type CodeOrigin, originOf } from "./source-file.js";
import type { LabelOptions } from "./stack-label.js";

/** A function as formats with fields of their own for names, files and lines show it. */
export interface ShownFunction {
  /** Printable, never empty. */
  readonly name: string;
  /** Printable; "" if unknown. */
  readonly file: string;
  /** Line on which it begins; 0 if unknown. */
  readonly firstLine: number;
  readonly origin: CodeOrigin;
}

const NO_FRAMES: ShownFunction = { name: "<no frames>", file: "", firstLine: 0, origin: "runtime" };

/**
 * The stacks of a profile as {@link LabelOptions} show them, numbered anew as they are asked for: what is never
 * asked for is in no table. Functions that look the same are one, and so are frames (a function and a line) and
 * stacks. Unlike labels, files are whole paths unless `shortenFile` says otherwise: these formats have a
 * field for them, by which readers find the source.
 */
export class ShownStacks {
  readonly functions: ShownFunction[] = [];
  /** Pairs of (function, line); line 0 is unknown. */
  readonly frames = new PairTable();
  /** Pairs of (caller or -1, frame): the callers of a stack have lower numbers. */
  readonly stacks = new PairTable();
  readonly #profile: Profile;
  readonly #options: LabelOptions;
  readonly #functionOfKey = new Map<string, number>();
  readonly #frameOfFrame: Int32Array;
  readonly #stackOfNode: Int32Array;

  constructor(profile: Profile, options: LabelOptions) {
    this.#profile = profile;
    this.#options = options;
    this.#frameOfFrame = new Int32Array(profile.frames.function.length).fill(-1);
    this.#stackOfNode = new Int32Array(profile.nodes.parent.length).fill(-1);
  }

  /** The number of the stack that `node` is shown as. A stack without frames is shown as one that says so. */
  ofNode(node: NodeId): number {
    if (node < 0) return this.stacks.intern(-1, this.frames.intern(this.#numberOf(NO_FRAMES), 0));
    const known = this.#stackOfNode[node] ?? -1;
    if (known !== -1) return known;
    // Without recursion: Python's stacks may be a hundred thousand deep.
    const path: NodeId[] = [];
    let stack = -1;
    for (let at = node; at !== -1 && stack === -1; at = this.#profile.nodes.parent[at] ?? -1) {
      stack = this.#stackOfNode[at] ?? -1;
      if (stack === -1) path.push(at);
    }
    for (let at = path.pop(); at !== undefined; at = path.pop()) {
      stack = this.stacks.intern(stack, this.#ofFrame(this.#profile.nodes.frame[at] ?? 0));
      this.#stackOfNode[at] = stack;
    }
    return stack;
  }

  /** The frames of a stack, the innermost first. */
  framesOf(stack: number): number[] {
    const frames: number[] = [];
    for (let at = stack; at !== -1; at = this.stacks.first(at)) frames.push(this.stacks.second(at));
    return frames;
  }

  functionOfFrame(frame: number): number {
    return this.frames.first(frame);
  }

  lineOfFrame(frame: number): number {
    return this.frames.second(frame);
  }

  #ofFrame(frame: number): number {
    const known = this.#frameOfFrame[frame] ?? -1;
    if (known !== -1) return known;
    const { functions, frames } = this.#profile;
    const record = functions[frames.function[frame] ?? -1];
    const shown = record === undefined ? NO_FRAMES : this.#shown(record);
    const line = { line: frames.line[frame] ?? 0, function: shown.firstLine, none: 0 };
    const id = this.frames.intern(this.#numberOf(shown), Math.max(0, line[this.#options.lines ?? "line"]));
    this.#frameOfFrame[frame] = id;
    return id;
  }

  #shown(record: FunctionRecord): ShownFunction {
    const { names, shortenFile = ({ file, module }) => file || module } = this.#options;
    return {
      name: printableName(names === "qualname" ? record.qualname : record.name),
      file: printable(shortenFile(record)),
      firstLine: record.firstLine,
      origin: originOf(record),
    };
  }

  #numberOf(shown: ShownFunction): number {
    const key = JSON.stringify([shown.name, shown.file, shown.firstLine]);
    const known = this.#functionOfKey.get(key);
    if (known !== undefined) return known;
    this.#functionOfKey.set(key, this.functions.length);
    return this.functions.push(shown) - 1;
  }
}
