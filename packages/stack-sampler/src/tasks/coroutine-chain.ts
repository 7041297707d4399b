import {
  ABSENT,
  awaitedSlot,
  decodeGenerator,
  decodeStackReference,
  frameState,
  type GeneratorState,
  isAwaiting,
  type Layout,
  resumeAddress,
} from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { instructionIn } from "../locals/frame-variables.js";
import type { ObjectReader } from "../locals/object-reader.js";
import type { PythonTypes } from "../locals/python-type.js";

/** A coroutine that waits for another one, which waits for another one, and so on. */
export interface CoroutineChain {
  /** What the outermost one does; if it is executing, a thread knows what is inside of it. */
  readonly state: GeneratorState;
  /** Their frames, the outermost first. None if the outermost one is finished or none of Python's. */
  readonly frames: readonly CoroutineFrame[];
}

/** A frame, as a stack has it. */
export interface CoroutineFrame {
  readonly address: Address;
  readonly code: Address;
  readonly instruction: number;
}

/** Deeper than what can be called; what claims to be is memory that has been reused. */
const MOST_FRAMES = 10_000;

/** What stands between a coroutine and the one that it awaits, and has its address in its first field. */
const wrappers: ReadonlySet<string> = new Set([
  "coroutine_wrapper",
  "async_generator_asend",
  "async_generator_athrow",
  "anext_awaitable",
]);

/** Follows what a coroutine awaits, from one to the next, as far as that is written in Python. */
export function readChain(objects: ObjectReader, types: PythonTypes, coroutine: Address): CoroutineChain {
  const frames: CoroutineFrame[] = [];
  let outermost: GeneratorState | undefined;
  for (let next = coroutine, steps = 0; next !== 0 && steps < MOST_FRAMES; steps++) {
    const object = objects.object(next);
    const type = types.of(object);
    if (type?.kind === "generator") {
      const link = readLink(objects, next, object);
      outermost ??= link?.state ?? "finished";
      if (link?.frame === undefined) break;
      frames.push(link.frame);
      next = link.awaited;
    } else if (type !== undefined && wrappers.has(type.fullName)) {
      next = objects.pointerIn(object, objects.layout.object.size);
    } else break;
  }
  return { state: outermost ?? "suspended", frames };
}

/** Whether two readings are the same: then the coroutines did not run in between. */
export function isSameChain(left: CoroutineChain, right: CoroutineChain): boolean {
  return left.state === right.state && isSameFrames(left.frames, right.frames);
}

export function isSameFrames(left: readonly CoroutineFrame[], right: readonly CoroutineFrame[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ address, code, instruction }, index) => {
      const other = right[index];
      return other?.address === address && other.code === code && other.instruction === instruction;
    })
  );
}

interface Link {
  readonly state: GeneratorState;
  readonly frame: CoroutineFrame | undefined;
  /** Address of what it awaits, 0 if nothing. */
  readonly awaited: Address;
}

function readLink(objects: ObjectReader, address: Address, object: Uint8Array): Link | undefined {
  const { layout } = objects;
  const header = decodeGenerator(layout, object);
  if (header === undefined) return undefined;
  if (header.state === "finished") return { state: "finished", frame: undefined, awaited: 0 };
  const { size, executable, executableTag } = layout.frame;
  const { frameOffset } = header;
  const frameAddress = header.frame ?? address + frameOffset;
  const bytes =
    header.frame === undefined
      ? object.subarray(frameOffset, frameOffset + size)
      : objects.bytes(header.frame, size);
  const state = header.state ?? frameState(layout, bytes);
  if (state === undefined || bytes.length < size) return undefined;
  const instruction = instructionIn(objects, bytes);
  const tagged = objects.pointerIn(bytes, executable);
  const code = tagged - (tagged % (executableTag + 1));
  const frame: CoroutineFrame = { address: frameAddress, code, instruction };
  const awaits = state === "awaiting" || (state === "suspended" && resumesInAwait(objects, frame));
  return { state, frame, awaited: awaits ? awaitedBy(objects, bytes, frameAddress) : 0 };
}

/** For builds whose state does not tell: whether the next instruction is one that goes on waiting. */
function resumesInAwait(objects: ObjectReader, { code, instruction }: CoroutineFrame): boolean {
  const { layout } = objects;
  if (layout.generator.awaitOpcodes.length === 0) return false;
  const bytecode = layout.code.co_code === ABSENT ? 0 : bytecodeOf(objects, layout, code);
  return isAwaiting(layout, objects.bytes(resumeAddress(layout, instruction, bytecode), 2));
}

function bytecodeOf(objects: ObjectReader, layout: Layout, code: Address): Address {
  return objects.pointer(code + layout.code.co_code) + layout.bytes.ob_sval;
}

function awaitedBy(objects: ObjectReader, frame: Uint8Array, address: Address): Address {
  const { layout } = objects;
  const slot = awaitedSlot(layout, frame, address);
  if (slot === undefined) return 0;
  const reference = decodeStackReference(layout, objects.bytes(slot, layout.pointerSize));
  return reference?.kind === "object" ? reference.address : 0;
}
