import { ABSENT, type Layout } from "@pyspy/cpython-layouts";
import type { Address, LiveProcess } from "@pyspy/proc-memory";
import { ROOT } from "../intern/stack-trie.js";
import type { FrameLocals, LocalsReader } from "../locals/locals-reader.js";
import type { MethodClasses } from "../locals/method-classes.js";
import type { KnownStack } from "../python/known-stack.js";
import type { FunctionRecord, NodeId, SampleBatch } from "../sample-batch.js";

/** A place in a function that was running or had called another one. Lines and columns count from 1; 0 is unknown. */
export interface StackFrame {
  readonly function: FunctionRecord;
  /** The function's name with its class, also where only the first argument tells it (up to 3.10). */
  readonly qualname: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** C began to run Python code here, by the frame's own word (up to 3.11), or by that of a frame of C's around it (3.12+). */
  readonly isEntry: boolean;
  readonly isShimEntry: boolean;
  /** Undefined if they were not asked for, and for what is no frame of Python. */
  readonly locals: FrameLocals | undefined;
}

/** The frames of a stack, innermost first. */
export function framesOf(batch: SampleBatch, innermost: NodeId, details: FrameDetails): StackFrame[] {
  const frames: StackFrame[] = [];
  for (let node = innermost; node !== ROOT; node = batch.nodes.parent[node] ?? ROOT) {
    const frame = frameAt(batch, node, details);
    if (frame !== undefined) frames.push(frame);
  }
  return frames;
}

function frameAt(
  { functions, frames, nodes }: SampleBatch,
  node: NodeId,
  details: FrameDetails,
): StackFrame | undefined {
  const frame = nodes.frame[node] ?? -1;
  const record = functions[frames.function[frame] ?? -1];
  if (record === undefined) return undefined;
  const [line = 0, column = 0, endLine = 0, endColumn = 0] = [
    frames.line[frame],
    frames.column[frame],
    frames.endLine[frame],
    frames.endColumn[frame],
  ];
  return { function: record, line, column, endLine, endColumn, ...details.of(node, record) };
}

/** Code objects have their functions' names with their classes (3.11+). */
export function namesClasses({ code }: Layout): boolean {
  return code.co_qualname !== ABSENT;
}

/** What is told of frames beside their places, found by where they are in memory. */
export class FrameDetails {
  readonly #process: LiveProcess;
  readonly #layout: Layout;
  readonly #known: KnownStack;
  readonly #classes: MethodClasses | undefined;
  readonly #locals = new Map<number, FrameLocals>();
  /** Positions in the stack of the frames that nodes stand for. */
  readonly #positions = new Map<NodeId, number>();

  /** @param classes Needed where code objects do not name them: {@link namesClasses}. */
  constructor(process: LiveProcess, layout: Layout, known: KnownStack, classes: MethodClasses | undefined) {
    this.#process = process;
    this.#layout = layout;
    this.#known = known;
    this.#classes = classes;
    // A hidden frame has the node of the one that called it.
    for (let position = known.depth - 1; position >= known.omitted; position--) {
      this.#positions.set(known.nodes[position] ?? ROOT, position);
    }
  }

  /** Reads the variables of all frames, which are best read at once: the process may run on. */
  readLocals(variables: LocalsReader): void {
    for (const position of this.#positions.values()) {
      const { frame, code, instruction } = this.#place(position);
      this.#locals.set(position, variables.read(frame, code, instruction));
    }
  }

  of(
    node: NodeId,
    { name, qualname }: FunctionRecord,
  ): Pick<StackFrame, "qualname" | "isEntry" | "isShimEntry" | "locals"> {
    const position = this.#positions.get(node);
    if (position === undefined) {
      return { qualname, isEntry: false, isShimEntry: false, locals: undefined };
    }
    const { frame, code } = this.#place(position);
    const owner = this.#classes?.of(frame, code, name);
    return {
      qualname: owner === undefined ? qualname : `${owner}.${name}`,
      ...this.#entry(position, frame),
      locals: this.#locals.get(position),
    };
  }

  #place(position: number): {
    readonly frame: Address;
    readonly code: Address;
    readonly instruction: number;
  } {
    const { addresses, codes, instructions } = this.#known;
    const [frame = 0, code = 0, instruction = 0] = [
      addresses[position],
      codes[position],
      instructions[position],
    ];
    return { frame, code, instruction };
  }

  #entry(position: number, frame: number): Pick<StackFrame, "isEntry" | "isShimEntry"> {
    const { is_entry, firstForeignOwner } = this.#layout.frame;
    if (firstForeignOwner !== ABSENT) {
      const isShimEntry = position === 0 || this.#known.codes[position - 1] === 0;
      return { isEntry: false, isShimEntry };
    }
    if (is_entry === ABSENT) return { isEntry: true, isShimEntry: false };
    const byte = new Uint8Array(1);
    this.#process.memory.readInto(frame + is_entry, byte);
    return { isEntry: byte[0] === 1, isShimEntry: false };
  }
}
